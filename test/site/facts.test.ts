import { describe, expect, it } from "vitest";
import { fillFacts, placeholder } from "../../site/src/course/facts.ts";

const facts = { service: "ml-demo", port: 5000, labels: { app: "ml-demo", tier: "backend" } };

describe("facts in a lesson", () => {
  it("replaces names, numbers and nested facts wherever they stand", () => {
    expect(fillFacts('`[[service]]`:[[port]] <Figure alt="[[labels.tier]]" />', facts, "lesson.mdx")).toBe(
      '`ml-demo`:5000 <Figure alt="backend" />',
    );
  });

  it("leaves bash's own brackets and links alone", () => {
    const text = '[[ -f x ]] && echo "$(( 1 + 1 ))" [a link](https://kubernetes.io)';
    expect(fillFacts(text, facts, "lesson.mdx")).toBe(text);
  });

  it("names the file, the line and the facts there are when one is unknown", () => {
    expect(() => fillFacts("one\ntwo [[servce]]", facts, "labs/01-a/lesson.mdx")).toThrow(
      "labs/01-a/lesson.mdx:2: [[servce]] is not a fact of this lab. facts.ts has: service, port, labels.",
    );
    expect(() => fillFacts("[[labels]]", facts, "f")).toThrow(/is not a fact/);
    expect(() => fillFacts("[[constructor]]", facts, "f")).toThrow(/is not a fact/);
  });

  it("has one word in place of the learner's namespace", () => {
    expect(placeholder("02-deploy-ml-inference")).toBe("wbns02wb");
  });
});
