/** One fenced block of a lesson. */
interface Block {
  language: string;
  meta: string;
  text: string;
  /** Of its first line, counted from 1. */
  line: number;
}
interface Tag {
  name: string;
  attributes: Record<string, string>;
  line: number;
}
export interface Lesson {
  blocks: Block[];
  tags: Tag[];
  /** The text outside fenced blocks, with the same line numbers. */
  prose: string;
}

const fence = /^\s*(`{3,}|~{3,})\s*(\S*)\s*(.*)$/;

/** Takes a lesson apart as far as the gate needs it: fenced blocks, components with their attributes, and the rest. */
export function parseLesson(source: string): Lesson {
  const blocks: Block[] = [];
  const prose: string[] = [];
  let open: { mark: string; block: Block; lines: string[] } | undefined;
  source.split("\n").forEach((text, index) => {
    const match = fence.exec(text);
    if (open) {
      if (match?.[1]?.startsWith(open.mark) && !match[2]) {
        open.block.text = open.lines.join("\n");
        blocks.push(open.block);
        open = undefined;
      } else open.lines.push(text);
      prose.push("");
    } else if (match?.[1]) {
      open = {
        mark: match[1],
        block: { language: match[2] ?? "", meta: match[3] ?? "", text: "", line: index + 2 },
        lines: [],
      };
      prose.push("");
    } else prose.push(text);
  });
  return { blocks, tags: tagsOf(prose.join("\n")), prose: prose.join("\n") };
}

function tagsOf(prose: string): Tag[] {
  const tags: Tag[] = [];
  for (const match of prose.matchAll(/<([A-Z][A-Za-z]*)((?:\s+[a-z-]+(?:=(?:"[^"]*"|\{[^}]*\}))?)*)\s*\/?>/g)) {
    const attributes: Record<string, string> = {};
    for (const [, name = "", quoted, braced] of (match[2] ?? "").matchAll(
      /([a-z-]+)(?:=(?:"([^"]*)"|\{([^}]*)\}))?/g,
    )) {
      attributes[name] = quoted ?? braced ?? "";
    }
    tags.push({ name: match[1] as string, attributes, line: lineAt(prose, match.index) });
  }
  return tags;
}

/** 1-based line of an offset. */
const lineAt = (text: string, offset: number): number => text.slice(0, offset).split("\n").length;

/** Names used as [[name]], with where. */
export const factUses = (source: string): { name: string; line: number }[] =>
  [...source.matchAll(/\[\[([A-Za-z][A-Za-z0-9_]*)\]\]/g)].map((match) => ({
    name: match[1] as string,
    line: lineAt(source, match.index),
  }));

/** The text with each [[name]] replaced, as the page shows it. */
export const fillIn = (source: string, facts: Record<string, unknown>): string =>
  source.replaceAll(/\[\[([A-Za-z][A-Za-z0-9_]*)\]\]/g, (whole, name: string) =>
    Object.hasOwn(facts, name) ? String(facts[name]) : whole,
  );

/** Values of facts that would drift if they were typed: names with a mark in them and numbers of four digits or more. */
function literals(facts: Record<string, unknown>): { name: string; value: string }[] {
  return Object.entries(facts)
    .filter(([, value]) => typeof value === "string" || typeof value === "number")
    .map(([name, value]) => ({ name, value: String(value) }))
    .filter(
      ({ value }) =>
        /^\d{4,}$/.test(value) || (/[a-z]/i.test(value) && /^[^\s]*[-./:_][^\s]*$/.test(value) && value.length >= 4),
    );
}

/** Where a fact's value stands in the text as itself. Addresses of links and files of figures are not text. */
export function typedFacts(
  source: string,
  facts: Record<string, unknown>,
): { names: string[]; value: string; line: number }[] {
  const text = source
    .replaceAll(/\]\([^)\s]*\)/g, (whole) => " ".repeat(whole.length))
    .replaceAll(/<https?:[^>\s]*>|https?:\/\/[^\s)"'`]*/g, (whole) =>
      whole.includes("[[") ? whole : " ".repeat(whole.length),
    )
    .replaceAll(/\bsrc="[^"]*"/g, (whole) => " ".repeat(whole.length));
  const found: { names: string[]; value: string; line: number }[] = [];
  const byValue = Map.groupBy(literals(facts), ({ value }) => value);
  for (const [value, same] of byValue) {
    const names = same.map(({ name }) => name);
    const pattern = new RegExp(
      `(?<![A-Za-z0-9_.-])${value.replaceAll(/[.*+?^${}()|[\]\\/]/g, "\\$&")}(?![A-Za-z0-9_/-]|\\.[A-Za-z0-9])`,
      "g",
    );
    for (const match of text.matchAll(pattern)) found.push({ names, value, line: lineAt(text, match.index) });
  }
  return found;
}
