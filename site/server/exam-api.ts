import { randomInt } from "node:crypto";
import { type Context, Hono } from "hono";
import * as z from "zod";
import { examHtml } from "../../checkers/exams/report-html.ts";
import { examMarkdown } from "../../checkers/exams/report-words.ts";
import { body } from "./api.ts";
import type { Exams } from "./exams.ts";
import { Fault } from "./fault.ts";

const key = z.string().min(1).max(100);
const bodies = {
  start: z.strictObject({
    seed: z.int().min(1).max(9_999).optional(),
    minutes: z.int().min(1).max(600).optional(),
  }),
  flag: z.strictObject({ task: key, on: z.boolean() }),
  answer: z.strictObject({ task: key, key, text: z.string().max(4_000) }),
  nothing: z.strictObject({}),
};

/** The part of the JSON API about exams. Before the end nothing in here knows a verdict. */
export function examApi(exams: Exams): Hono {
  const app = new Hono();
  const name = (context: Context): string => context.req.param("exam") ?? "";
  const attempt = (context: Context): number | undefined => {
    const given = context.req.query("attempt");
    if (given === undefined) return undefined;
    if (!/^\d{1,9}$/.test(given)) throw new Fault(400, "An attempt is a number.");
    return Number(given);
  };

  app.get("/", async (context) => context.json(await exams.cards()));
  app.get("/:exam", async (context) => context.json(await exams.page(name(context), attempt(context))));
  app.post("/:exam/start", async (context) => {
    const { seed = randomInt(1, 10_000), minutes } = await body(context, bodies.start);
    return context.json(await exams.begin(name(context), { seed, ...(minutes !== undefined && { minutes }) }));
  });
  app.post("/:exam/flag", async (context) => {
    const { task, on } = await body(context, bodies.flag);
    return context.json(await exams.flag(name(context), task, on));
  });
  app.post("/:exam/answer", async (context) => {
    const { task, key, text } = await body(context, bodies.answer);
    await exams.answer(name(context), task, key, text);
    return context.json({});
  });
  app.post("/:exam/submit", async (context) => {
    await body(context, bodies.nothing);
    return context.json(await exams.submit(name(context)));
  });
  app.post("/:exam/abandon", async (context) => {
    await body(context, bodies.nothing);
    return context.json(await exams.abandon(name(context)));
  });
  app.get("/:exam/report.html", (context) => context.html(examHtml(exams.result(name(context), attempt(context)))));
  app.get("/:exam/report.md", (context) => {
    context.header("content-type", "text/markdown; charset=utf-8");
    context.header("content-disposition", `attachment; filename="${name(context)}.md"`);
    return context.body(examMarkdown(exams.result(name(context), attempt(context))));
  });
  app.get("/:exam/report.json", (context) => context.json(exams.result(name(context), attempt(context))));
  return app;
}
