import { expect, it } from "vitest";
import { keepUnits } from "../../site/src/build/units-plugin.ts";

const kept = (type: string, value: string): string | undefined => {
  const text = { type, value };
  keepUnits()({ type: "root", children: [{ type: "paragraph", children: [text] }] });
  return text.value?.replaceAll("\u00a0", "~");
};

it("keeps a number and its unit on one line", () => {
  expect(kept("text", "of 10 % within 15 s, p99 80 ms, 64 MiB (2 min)")).toBe(
    "of 10~% within 15~s, p99 80~ms, 64~MiB (2~min)",
  );
});

it("takes no word for a unit, and leaves code alone", () => {
  expect(kept("text", "2 services, 3 main parts, 4 s-shaped")).toBe("2 services, 3 main parts, 4 s-shaped");
  expect(kept("inlineCode", "sleep 10 s")).toBe("sleep 10 s");
});
