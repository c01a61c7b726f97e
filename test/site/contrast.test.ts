import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";

const styles = new URL("../../site/src/styles/", import.meta.url).pathname;
const tokens = readFileSync(join(styles, "tokens.css"), "utf8");

const themeOf = (name: string): Record<string, string> => {
  const block = new RegExp(`\\[data-theme="${name}"\\] \\{([^}]*)\\}`).exec(tokens)?.[1] ?? "";
  return Object.fromEntries([...block.matchAll(/--([\w-]+): (#[0-9a-f]{6});/g)].map(([, key, value]) => [key, value]));
};

const luminance = (colour: string): number => {
  const [r, g, b] = [1, 3, 5]
    .map((at) => Number.parseInt(colour.slice(at, at + 2), 16) / 255)
    .map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4)) as [number, number, number];
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
};
const contrast = (one: string, other: string): number => {
  const [light, dark] = [luminance(one), luminance(other)].sort((a, b) => b - a) as [number, number];
  return (light + 0.05) / (dark + 0.05);
};

const text = ["fg", "fg-muted", "accent", "pass", "fail", "wait", "error", "todo"];
const grounds = ["paper", "raised", "sunken", "bench"];
const washes: [string, string][] = [
  ["pass", "pass-wash"],
  ["fail", "fail-wash"],
  ["fg", "wait-wash"],
  ["fg", "accent-wash"],
  ["fg-muted", "accent-wash"],
  ["paper", "fg"],
  ["paper", "fg-muted"],
  ["fg", "term-selection"],
];
// Black on a dark ground is black in every terminal; xterm lifts it (minimumContrastRatio).
const ansi = (theme: Record<string, string>) =>
  Object.keys(theme).filter((key) => /^term-(?!bg|selection|black)/.test(key));

describe.each(["light", "dark"])("the %s theme", (name) => {
  const theme = themeOf(name);
  const pairs = [
    ...text.flatMap((ink) => grounds.map((ground): [string, string] => [ink, ground])),
    ...washes,
    ...ansi(theme).map((ink): [string, string] => [ink, "term-bg"]),
  ];

  it.each(pairs)("%s on %s can be read (AA, 4.5)", (ink, ground) => {
    expect(contrast(theme[ink] ?? "", theme[ground] ?? "")).toBeGreaterThanOrEqual(4.5);
  });

  it.each(["line-strong", "focus"])("%s can be seen (AA, 3)", (line) => {
    for (const ground of grounds) expect(contrast(theme[line] ?? "", theme[ground] ?? "")).toBeGreaterThanOrEqual(3);
  });
});

describe("colours", () => {
  it("are named in tokens.css and nowhere else", () => {
    const others = readdirSync(styles).filter((file) => file !== "tokens.css");
    expect(others.length).toBeGreaterThan(4);
    for (const file of others) {
      const css = readFileSync(join(styles, file), "utf8");
      expect(css.match(/#[0-9a-f]{3,8}\b|\b(?:rgb|hsl|oklch)a?\(/gi) ?? [], file).toEqual([]);
    }
  });
});
