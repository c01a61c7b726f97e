import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { courseLabs, LabError, slugPattern } from "../labs.ts";

const files: Record<string, string> = {
  "facts.ts": `/** The same for every seed: the lab has nothing to draw. */
export const facts = (_seed: number, namespace: string) => ({
  namespace,
  configMap: "greeting-config",
  key: "greeting",
  value: "hello",
});
`,
  "lab.ts": `import { check } from "CORE/check.ts";
import { defineLab } from "CORE/lab.ts";
import { kinds } from "CORE/port.ts";
import { fail, pass } from "CORE/verdict.ts";
import { facts } from "./facts.ts";

export default defineLab({
  title: "A first object",
  summary: "Make a ConfigMap and read it back",
  week: 1,
  minutes: 10,
  domain: "configure",
  facts,
  checks: ({ configMap, key, value }) => ({
    greeting: check({
      title: \`ConfigMap \${configMap} says \${value}\`,
      points: 1,
      mode: "observe",
      within: "10s",
      evidence: "state",
      why: "A ConfigMap is key-value pairs kept by the API server; pods read it as files or as environment variables.",
      failures: {
        missing: {
          untouched: true,
          says: "There is no such ConfigMap yet.",
          hints: ["kubectl create can make one from the command line: see kubectl create configmap --help."],
        },
        differs: {
          says: "The ConfigMap is there, but the value under the key is another one.",
          hints: ["kubectl get configmap NAME -o yaml shows its data. Compare key and value letter by letter."],
        },
      },
      async observe({ cluster }) {
        const found = await cluster.get(kinds.ConfigMap, configMap);
        const evidence = {
          object: \`configmap/\${configMap}\`,
          path: \`data.\${key}\`,
          expected: value,
          command: \`kubectl get configmap \${configMap} -o yaml\`,
        };
        if (!found) return fail("missing", { ...evidence, actual: "no such object" });
        const actual = found.data?.[key] ?? "not set";
        return actual === value ? pass({ ...evidence, actual }) : fail("differs", { ...evidence, actual });
      },
    }),
  }),
});
`,
  "lesson.mdx": `What breaks without it, in a sentence or two.

<Task check="greeting">
In your namespace there is a ConfigMap \`[[configMap]]\` whose key \`[[key]]\` says \`[[value]]\`.
</Task>

\`\`\`bash
kubectl get configmaps
\`\`\`

<Quiz />
`,
  "quiz.yaml": `items:
  - id: where
    asks: []
    kind: choice
    question: Where is a ConfigMap kept?
    choices:
      - text: In a file on the node
        why: The kubelet writes such a file for pods that mount it; the ConfigMap itself is elsewhere.
      - text: In the API server's store
        right: true
        why: It is an object like any other, and outlives every pod that reads it.
      - text: In the container image
        why: Then changing it would take a new image; keeping settings out of images is what it is for.
predictions: []
`,
  "start/files/greeting.txt": "hello\n",
  "solution/configmap.yaml": `apiVersion: v1
kind: ConfigMap
metadata:
  name: greeting-config
data:
  greeting: hello
`,
  "variants/imperative/run.sh": `kubectl create configmap greeting-config -n "$NAMESPACE" --from-literal=greeting=hello
`,
  "mutants/greeting/differs/configmap.yaml": `apiVersion: v1
kind: ConfigMap
metadata:
  name: greeting-config
data:
  greeting: goodbye
`,
};

/** Writes a small lab that proves itself, to start from. Returns its folder. Throws LabError on a bad name or one that is taken. */
export function scaffold(slug: string, root = courseLabs): string {
  if (!slugPattern.test(slug)) {
    throw new LabError(
      `"${slug}" is no name for a lab.`,
      "Two digits and words in lower case with hyphens: 27-my-lab.",
    );
  }
  const dir = join(resolve(root), slug);
  if (existsSync(dir))
    throw new LabError(`${dir} is there already.`, "Choose another name, or go on with what is there.");
  const core = relative(dir, fileURLToPath(new URL("../core", import.meta.url)));
  for (const [name, text] of Object.entries(files)) {
    const path = join(dir, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text.replaceAll('"CORE/', `"${core}/`));
  }
  return dir;
}
