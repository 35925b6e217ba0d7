// What a field with a list of choices shows at its end.
import { IconChevronDown } from "@tabler/icons-react";

export const chevron = <IconChevronDown size={16} stroke={1.6} aria-hidden="true" />;
