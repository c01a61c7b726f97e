/** One task as the candidate reads it: a whole task.md, or what stands under one of its headings that has an id. */
export interface TaskText {
  /** Of the heading, "## Deploy the service {#deploy}"; "" where task.md is one task. */
  id: string;
  title: string;
  /** Markdown, without the heading. */
  text: string;
}

const heading = /^##\s+(.+?)\s*\{#([a-z0-9]+(?:-[a-z0-9]+)*)\}\s*$/;

/**
 * Divides task.md at its headings with an id. What stands before the first of them is common ground (`intro`). Without such a heading the whole
 * text is one task, whose title is the lab's.
 */
export function divide(source: string, title: string): { intro: string; tasks: TaskText[] } {
  const intro: string[] = [];
  const tasks: { id: string; title: string; lines: string[] }[] = [];
  let fenced = false;
  for (const line of source.split("\n")) {
    if (/^\s*(```|~~~)/.test(line)) fenced = !fenced;
    const match = fenced ? null : heading.exec(line);
    if (match) tasks.push({ id: match[2] as string, title: match[1] as string, lines: [] });
    else (tasks.at(-1)?.lines ?? intro).push(line);
  }
  if (tasks.length === 0) return { intro: "", tasks: [{ id: "", title, text: source.trim() }] };
  return {
    intro: intro.join("\n").trim(),
    tasks: tasks.map(({ id, title, lines }) => ({ id, title, text: lines.join("\n").trim() })),
  };
}
