// What shows that a field can be opened.
import { IconChevronDown } from "@tabler/icons-react";

export const chevron = <IconChevronDown size={16} stroke={1.6} aria-hidden="true" />;
