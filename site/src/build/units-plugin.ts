/** The part of a Markdown tree this file walks; its types are not a dependency of ours. */
interface Node {
  type: string;
  value?: string;
  children?: Node[];
}

const beforeUnit = /(?<=\d) (?=(?:%|ms|s|min|h|[KMG]iB)(?![\w-]))/g;

/** Keeps a number and its unit on one line: "10 %" with a no-break space between them. Code stays as it is. */
export const keepUnits =
  () =>
  (tree: Node): void => {
    const visit = (node: Node): void => {
      if (node.type === "text") node.value = node.value?.replace(beforeUnit, "\u00a0");
      node.children?.forEach(visit);
    };
    visit(tree);
  };
