import { describe, expect, it } from "vitest";
import { differ } from "../../site/src/islands/differ.ts";

const marked = (parts: { text: string; differs: boolean }[]) =>
  parts.map(({ text, differs }) => (differs ? `[${text}]` : text)).join("");

describe("expected beside seen", () => {
  it.each([
    [
      "app=ml-demo,tier=backend",
      "app=ml-demo,tier=back-end",
      "app=ml-demo,tier=[backend]",
      "app=ml-demo,tier=[back-end]",
    ],
    ["2", "0", "[2]", "[0]"],
    ["2 pods ready", "2 pods ready, 1 pending", "2 pods ready", "2 pods ready[, 1 pending]"],
    ["app=a,tier=b", "app=a", "app=a[,tier=b]", "app=a"],
    ["at most 60 s", "16.4 s", "at most 60 s", "16.4 s"],
    ["at most 60 s", "71.0 s", "[at most 60] s", "[71.0] s"],
    ["at least 2", "1", "[at least 2]", "[1]"],
    ["at least 2", "3", "at least 2", "3"],
    ["more than 2", "2", "[more than ]2", "2"],
    ["same", "same", "same", "same"],
    ["only labels they carry", "tier=back-end, on 0 of 2", "only labels they carry", "tier=back-end, on 0 of 2"],
  ])("%s | %s", (expected, actual, left, right) => {
    const parts = differ(expected, actual);
    expect(marked(parts.expected)).toBe(left);
    expect(marked(parts.actual)).toBe(right);
  });

  it("loses no character, and marks long texts as a whole instead of taking long", () => {
    const long = "a b c ".repeat(5000);
    const began = performance.now();
    const parts = differ(long, `${long}x`);
    expect(performance.now() - began).toBeLessThan(500);
    expect(parts.expected).toEqual([{ text: long, differs: true }]);
    const both = differ("The quick  brown\nfox.", "The quick brown fox!");
    expect(both.expected.map(({ text }) => text).join("")).toBe("The quick  brown\nfox.");
    expect(both.actual.map(({ text }) => text).join("")).toBe("The quick brown fox!");
  });
});
