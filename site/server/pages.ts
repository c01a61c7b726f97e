/** The few pages the server makes itself: self-contained, because nothing else is served without a session. */

const shell = (title: string, body: string, refresh?: { seconds: number; to: string }): string => `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
${refresh ? `<meta http-equiv="refresh" content="${refresh.seconds};url=${escaped(refresh.to)}">` : ""}
<title>${escaped(title)}</title>
<style>
:root { color-scheme: light dark }
body { margin: 0; min-height: 100vh; display: grid; place-items: center; font: 17px/1.6 system-ui, sans-serif; color: light-dark(#1f2328, #e6e6e6); background: light-dark(#fbfaf7, #16181c) }
main { max-width: 34rem; padding: 2rem }
h1 { font-size: 1.4rem; line-height: 1.3 }
code { white-space: nowrap; font: 0.95em ui-monospace, monospace; padding: 0.1em 0.35em; border-radius: 4px; background: light-dark(#ecebe6, #26292f) }
a { color: inherit }
</style>
</head>
<body><main>${body}</main></body>
</html>
`;

const escaped = (text: string): string => text.replace(/[&<>"']/g, (c) => `&#${c.charCodeAt(0)};`);

/** Nobody is logged in here: how to get in. */
export const landingPage = (): string =>
  shell(
    "Open the workbook",
    `<h1>This browser has not opened the workbook yet</h1>
<p>Open the address that <code>./workbook up</code> printed. It works once, within an hour.</p>
<p>For a new one, run <code>./workbook open</code> in the folder of the workbook.</p>
<p>Your progress is kept; nothing is lost.</p>`,
  );

/** A code that was used or is too old. */
export const badCodePage = (): string =>
  shell(
    "This address was used already",
    `<h1>This address was used already, or is too old</h1>
<p>Each address that <code>./workbook up</code> prints opens the workbook once.</p>
<p>If it was this browser that used it, <a href="/">carry on here</a>. Otherwise run <code>./workbook open</code> for a new one.</p>`,
  );

export const tooManyCodesPage = (): string =>
  shell(
    "Too many wrong codes",
    "<h1>Too many wrong codes</h1><p>Wait a minute, then run <code>./workbook open</code> and use the address it prints.</p>",
  );

/**
 * A link from another site arrives without the SameSite=Strict cookie. This page is same-site, so the navigation it starts
 * carries the cookie again.
 */
export const carryOnPage = (to: string): string =>
  shell("Workbook", `<p><a href="${escaped(to)}">Carry on to the workbook</a></p>`, { seconds: 0, to });

/** The site is not built yet. */
export const buildingPage = (to: string): string =>
  shell(
    "The pages are being made",
    "<h1>The pages are being made</h1><p>This takes some seconds after an update. This page looks again by itself.</p>",
    { seconds: 2, to },
  );

export const notFoundPage = (): string =>
  shell("No such page", `<h1>There is no such page</h1><p><a href="/">To the course map</a></p>`);

/** For the pages above: inline styles only. */
export const plainPolicy =
  "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'";
