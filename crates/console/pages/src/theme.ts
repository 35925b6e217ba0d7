// Mantine dressed in the pages' own tokens: neutral ink for controls, so that colour stays free for states.
import { Button, type CSSVariablesResolver, createTheme, type ModalProps } from "@mantine/core";

export const theme = createTheme({
  fontFamily: '"Inter Variable", system-ui, sans-serif',
  fontFamilyMonospace: "var(--mono)",
  headings: { fontFamily: '"Inter Variable", system-ui, sans-serif' },
  primaryColor: "ink",
  primaryShade: { light: 8, dark: 1 },
  defaultRadius: 6,
  focusRing: "auto",
  shadows: { xs: "none", sm: "none", md: "none", lg: "none", xl: "none" },
  colors: {
    dark: [
      "#e4e8ed",
      "#c5cdd6",
      "#a6b0bc",
      "#8b96a3",
      "#3c4856",
      "#2b3541",
      "#141920",
      "#0d1116",
      "#0a0e13",
      "#07090c",
    ],
    ink: ["#f3f5f7", "#dfe4ea", "#c5cdd6", "#a6b0bc", "#8b96a3", "#656f7b", "#4f5863", "#323a44", "#1d232a", "#0d1116"],
  },
  components: {
    NativeSelect: { defaultProps: { rightSectionWidth: 32 } },
    Button: Button.extend({
      defaultProps: { size: "sm" },
      vars: (_theme, { variant }) => ({
        root:
          variant === undefined || variant === "filled"
            ? { "--button-bg": "var(--ink)", "--button-hover": "var(--ink-2)", "--button-color": "var(--bg)" }
            : {},
      }),
    }),
    // Not by `Modal.extend`, which would bring it into the first load.
    Modal: {
      defaultProps: {
        transitionProps: { duration: 100 },
        centered: true,
        overlayProps: { backgroundOpacity: 0.4 },
      } satisfies Partial<ModalProps>,
      styles: { content: { border: "1px solid var(--line)" }, title: { fontWeight: 600, fontSize: 16 } },
    },
  },
});

const shared = {
  "--mantine-color-body": "var(--bg)",
  "--mantine-color-text": "var(--ink)",
  "--mantine-color-dimmed": "var(--ink-2)",
  "--mantine-color-placeholder": "var(--ink-3)",
  "--mantine-color-default": "var(--bg)",
  "--mantine-color-default-hover": "var(--hover)",
  "--mantine-color-default-color": "var(--ink)",
  "--mantine-color-default-border": "var(--line-strong)",
  "--mantine-color-error": "var(--silent)",
};

export const variables: CSSVariablesResolver = () => ({ variables: {}, light: shared, dark: shared });
