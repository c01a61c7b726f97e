import type { ITheme } from "@xterm/xterm";

const colours = ["black", "red", "green", "yellow", "blue", "magenta", "cyan", "white"];
const camel = (name: string) => name.replace(/-(.)/g, (_, letter: string) => letter.toUpperCase());

/** The terminal's colours out of the page's, for the theme that is on now. */
export const readTheme = (): ITheme => {
  const style = getComputedStyle(document.documentElement);
  const token = (name: string) => style.getPropertyValue(`--term-${name}`).trim();
  const ansi = [...colours, ...colours.map((name) => `bright-${name}`)].map((name) => [camel(name), token(name)]);
  return {
    background: token("bg"),
    foreground: token("fg"),
    cursor: style.getPropertyValue("--accent").trim(),
    cursorAccent: token("bg"),
    selectionBackground: token("selection"),
    ...Object.fromEntries(ansi),
  };
};
