import { defineMdastPlugin, markdownToHtml } from "satteri";

/** A bank comes from anywhere: markup in its texts is shown as text, and links lead to the web or nowhere. */
const tame = defineMdastPlugin({
  name: "tame",
  html(node, context) {
    context.replaceNode(node, { type: "text", value: node.value });
  },
  link(node, context) {
    if (!/^(https?:\/\/|#)/i.test(node.url)) context.replaceNode(node, { type: "inlineCode", value: node.url });
  },
});

/** A task's text as markup. */
export const toHtml = (text: string): string => markdownToHtml(text, { mdastPlugins: [tame] }).html;
