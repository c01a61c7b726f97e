import type { HttpBindings } from "@hono/node-server";
import { type Context, Hono } from "hono";
import type { Auth } from "./auth.ts";
import { sameSecret } from "./auth.ts";
import type { RunningStatus } from "./control.ts";
import { sitePolicy } from "./csp.ts";
import type { Log } from "./deps.ts";
import { Fault, sentence } from "./fault.ts";
import type { Gate } from "./gate.ts";
import {
  badCodePage,
  buildingPage,
  carryOnPage,
  landingPage,
  notFoundPage,
  plainPolicy,
  tooManyCodesPage,
} from "./pages.ts";
import type { StaticSite } from "./static.ts";

type Env = { Bindings: HttpBindings };

export interface SiteAppOptions {
  gate: Gate;
  auth: Auth;
  port: number;
  site: StaticSite;
  api: Hono;
  control: {
    token: string;
    status(): RunningStatus;
    openUrl(): string;
    stop(): void;
  };
  log: Log;
}

const labPage = /^\/(?:labs|exam)\/[a-z0-9-]+\/$/;
/** All exams share one page, which reads the name off its address: banks of others are not known when pages are built. */
const examPage = /^\/exam\/[a-z][a-z0-9-]*\/?$/;

/** All HTTP of the workbook: who may come in, the control commands, the API and the pages. */
export function siteApp({ gate, auth, port, site, api, control, log }: SiteAppOptions): Hono<Env> {
  const app = new Hono<Env>();

  app.use("*", async (context, next) => {
    const refused = gate.refuses(context.env.incoming.headers, false);
    if (refused) throw new Fault(403, refused, `Open http://127.0.0.1:${port}/ instead.`);
    await next();
    const { headers } = context.res;
    headers.set("x-content-type-options", "nosniff");
    headers.set("referrer-policy", "no-referrer");
    headers.set("cross-origin-opener-policy", "same-origin");
    headers.set("cross-origin-resource-policy", "same-origin");
    headers.set("x-frame-options", "DENY");
    if (!headers.has("content-security-policy")) headers.set("content-security-policy", plainPolicy);
    if (!headers.has("cache-control")) headers.set("cache-control", "no-store");
  });

  app.get("/open", (context) => {
    // A browser that fetches ahead, or asks for the headers only, must not use the code up.
    if (context.req.method === "HEAD" || context.req.header("sec-purpose")?.includes("prefetch")) {
      return context.body(null, 503);
    }
    const result = auth.redeem(context.req.query("code") ?? "");
    // A lab's page may be asked for; nothing else is gone on to.
    const to = labPage.exec(context.req.query("to") ?? "")?.[0] ?? "/";
    if (result === "limited") return context.html(tooManyCodesPage(), 429);
    if (result !== "unknown") {
      context.header("set-cookie", auth.setCookie(result.token));
      return context.html(carryOnPage(to));
    }
    return holdsSession(context) ? context.html(carryOnPage(to)) : context.html(badCodePage(), 401);
  });

  app.use("/control/*", async (context, next) => {
    const given = /^Bearer (\S+)$/.exec(context.req.header("authorization") ?? "")?.[1];
    if (given === undefined || !sameSecret(given, control.token))
      throw new Fault(401, "This is for the workbook's own commands.");
    return next();
  });
  app.post("/control/status", (context) => context.json(control.status()));
  app.post("/control/open", (context) => context.json({ url: control.openUrl() }));
  app.post("/control/stop", (context) => {
    control.stop();
    return context.json({});
  });

  const holdsSession = (context: Context<Env>): boolean => auth.holds(context.env.incoming.headers.cookie);

  app.use("*", async (context, next) => {
    if (holdsSession(context)) return next();
    const { pathname, search } = new URL(context.req.url);
    if (pathname.startsWith("/api/") || pathname.startsWith("/control/") || context.req.method !== "GET") {
      throw new Fault(
        401,
        "This browser has no session with the workbook.",
        "Run ./workbook open and use the address it prints.",
      );
    }
    const path = `/${pathname.replace(/^\/+/, "")}${search}`;
    // The cookie belongs to the name that was opened, which is the other one.
    if (context.req.header("host") === `localhost:${port}`)
      return context.redirect(`http://127.0.0.1:${port}${path}`, 307);
    const from = context.req.header("sec-fetch-site");
    if (context.req.header("sec-fetch-mode") === "navigate" && from !== "same-origin" && from !== "none") {
      return context.html(carryOnPage(path));
    }
    return context.html(landingPage(), 401);
  });

  app.use("/api/*", async (context, next) => {
    const from = context.req.header("sec-fetch-site");
    if (from !== undefined && from !== "same-origin" && from !== "none")
      throw new Fault(403, "This comes from another site.");
    return next();
  });
  app.route("/api", api);

  app.on(["GET"], "*", async (context) => {
    const { pathname } = new URL(context.req.url);
    if (!(await site.refresh())) return context.html(buildingPage("/"), 503, { "retry-after": "2" });
    let path: string;
    try {
      path = decodeURIComponent(pathname);
    } catch {
      throw new Fault(400, "This is not an address.");
    }
    // That page is the same for every exam, and nothing without the name of one.
    if (/^\/exam\/?$/.test(path)) return context.redirect("/");
    const found = site.find(examPage.test(path) ? "/exam/" : path);
    if (found?.kind === "redirect") return context.redirect(found.to, 308);
    const missing = found === undefined ? site.find("/404") : undefined;
    const asset = found?.asset ?? (missing?.kind === "asset" ? missing.asset : undefined);
    if (!asset) return context.html(notFoundPage(), 404);
    const served = await site.serve(asset, {
      acceptEncoding: context.req.header("accept-encoding"),
      ifNoneMatch: found ? context.req.header("if-none-match") : undefined,
    });
    const headers = { ...served.headers, "content-security-policy": sitePolicy(port, site.scriptHashes) };
    return new Response(served.body, { status: found ? served.status : 404, headers });
  });

  app.all("*", () => {
    throw new Fault(405, "Only GET is known here.");
  });

  app.onError((error, context) => {
    if (error instanceof Fault) return context.json(error.body(), error.status);
    log.error({ error, path: context.req.path }, "a request failed");
    return context.json(
      {
        error: `Something went wrong in the workbook: ${sentence(error)}`,
        todo: "Try again; ./workbook status shows where the log is.",
      },
      500,
    );
  });
  return app;
}
