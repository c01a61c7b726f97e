import { createHash, type Hash } from "node:crypto";
import { once } from "node:events";
import { createWriteStream, existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { finished } from "node:stream/promises";
import headless from "@xterm/headless";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { sessionMembers } from "../../site/server/process-session.ts";
import { wholeCharacters } from "../../site/server/utf8.ts";
import { type TerminalClient, until, type Workbench, wait, workbench } from "./kit.ts";

let bench: Workbench;
beforeEach(async () => {
  process.env.PLANTED_TOKEN = "planted-secret";
  bench = await workbench();
  const page = await bench.page("01-first");
  await page.next("lab", (message) => message.state === "ready");
});
afterEach(async () => {
  await bench.close();
  delete process.env.PLANTED_TOKEN;
});

/** A terminal with its prompt shown. */
async function shell(options?: Parameters<Workbench["attach"]>[1]): Promise<TerminalClient & { id: string }> {
  const { id } = await bench.terminal();
  const client = await bench.attach(id, options);
  await client.sees("$ ");
  return Object.assign(client, { id });
}
const inFolder = (name: string): string => join(bench.entered.folder, name);
const pidOf = (id: string): number => bench.server.terminals.get(id).pid as number;

/** What a screen shows after this text, as a person sees it. */
async function drawn(text: string, cols = 80, rows = 24): Promise<string[]> {
  const screen = new headless.Terminal({ cols, rows, scrollback: 5000, allowProposedApi: true });
  await new Promise<void>((resolve) => screen.write(text, resolve));
  const { active } = screen.buffer;
  const lines = Array.from(
    { length: active.length },
    (_, n) => active.getLine(n)?.translateToString(true).trimEnd() ?? "",
  );
  screen.dispose();
  while (lines.at(-1) === "") lines.pop();
  return lines;
}

describe("the shell", () => {
  it("starts in the working folder with its own kubeconfig and tools, and none of the server's secrets", async () => {
    const client = await shell();
    client.input("env > env.txt; pwd > pwd.txt; type k; echo done-$((1+1))\r");
    await client.sees("done-2");
    const env = readFileSync(inFolder("env.txt"), "utf8");
    expect(env).not.toContain("planted-secret");
    expect(env).not.toContain("PLANTED");
    expect(env).toContain(`KUBECONFIG=${bench.entered.kubeconfig}\n`);
    expect(env).toContain("TERM=xterm-256color\n");
    expect(env).toContain("COLORTERM=truecolor\n");
    expect(readFileSync(inFolder("pwd.txt"), "utf8").trim()).toBe(bench.entered.folder);
    expect(client.text).toContain("aliased to");
    const known = [
      "HOME",
      "USER",
      "LOGNAME",
      "TZ",
      "EDITOR",
      "VISUAL",
      "PAGER",
      "LANG",
      "LANGUAGE",
      "TMPDIR",
      "PATH",
      "SHELL",
      "TERM",
    ];
    const own = /^(LC_|XDG_|WORKBOOK_|HIST|_$|PWD$|OLDPWD$|SHLVL$|COLORTERM$|KUBECONFIG$)/;
    const names = env
      .split("\n")
      .map((line) => line.split("=")[0] as string)
      .filter((name) => name !== "");
    expect(names.filter((name) => !known.includes(name) && !own.test(name))).toEqual([]);
  });

  it("has the prompt show the place below the working folder only", async () => {
    const client = await shell();
    client.input("mkdir -p sub && cd sub\r");
    await until("the prompt", async () => (await drawn(client.text)).at(-1) === "01-first/sub $");
  });

  it("completes kubectl at the first Tab, also as k", async () => {
    const bin = inFolder("bin");
    const client = await shell();
    // A kubectl that speaks the completion protocol, so that this needs no cluster.
    const fake = [
      "#!/bin/sh",
      'if [ "$1" = completion ]; then',
      "cat <<'END'",
      "__start_kubectl() { local cur prev words cword; _get_comp_words_by_ref -n =: cur prev words cword;",
      '  COMPREPLY=($(compgen -W "describe-this" -- "$cur")); }',
      "END",
      "fi",
      "",
    ].join("\n");
    client.input(`mkdir -p ${bin}; PATH=${bin}:$PATH\r`);
    await client.sees("PATH");
    await until("the folder", () => existsSync(bin));
    writeFileSync(join(bin, "kubectl"), fake, { mode: 0o755 });
    client.input("k desc\t");
    await client.sees("k describe-this");
  });

  it("shows its end, with the code, to those who come later too", async () => {
    const client = await shell();
    client.input("echo last words; exit 7\r");
    await until("the exit", () => client.exit === 7);
    expect(client.text).toContain("last words");
    const late = await bench.attach(client.id);
    await until("the exit again", () => late.exit === 7);
    expect(late.text).toContain("last words");
    late.input("ignored\r");
    expect(bench.server.terminals.list("01-first")).toMatchObject([{ alive: false }]);
  });

  it("ends with everything it started, also what ignores the hang-up", async () => {
    const client = await shell();
    client.input("nohup sleep 1000 >/dev/null 2>&1 & (trap '' HUP TERM; sleep 1001) & sleep 1002\r");
    const pid = pidOf(client.id);
    await until("its children", () => sessionMembers(pid).length >= 4);
    expect((await bench.fetch(`/api/terminals/${client.id}`, { method: "DELETE" })).status).toBe(200);
    expect(sessionMembers(pid)).toEqual([]);
    await until("the page is told", () => client.exit === 129 && client.closed === 4410);
  });

  it("ends with the jobs that went on after it", async () => {
    const client = await shell();
    const pid = pidOf(client.id);
    client.input("nohup sleep 1003 >/dev/null 2>&1 & disown; exit\r");
    await until("the exit", () => client.exit === 0);
    expect(sessionMembers(pid)).toHaveLength(1);
    expect((await bench.fetch(`/api/terminals/${client.id}`, { method: "DELETE" })).status).toBe(200);
    expect(sessionMembers(pid)).toEqual([]);
  });

  it("is one of eight at most", async () => {
    for (let n = 1; n <= 8; n++) expect((await bench.terminal()).title).toBe(`Terminal ${n}`);
    const ninth = await bench.post("/api/terminals", { lab: "01-first" });
    expect([ninth.status, ninth.body.todo]).toEqual([409, "Close one of them first."]);
  });
});

describe("output", () => {
  it("arrives byte for byte, 50 MB of it", async () => {
    const sent = createHash("sha256");
    const file = createWriteStream(inFolder("big"));
    let size = 0;
    for (let n = 0; size < 50e6; n++) {
      const line = `${n} ${"äöü€𝄞 plain text, then more of it ".repeat(n % 7)}\n`;
      size += Buffer.byteLength(line);
      sent.update(line);
      if (!file.write(line)) await once(file, "drain");
    }
    file.end();
    await finished(file);
    let got: Hash | undefined;
    let bytes = 0;
    const client = await shell({
      keep: false,
      onBytes: (part) => {
        if (!got) return;
        got.update(part.subarray(0, Math.max(0, size - bytes)));
        bytes += part.length;
      },
    });
    // Raw, so that the bytes are the program's own.
    client.input("exec sh -c 'stty raw -echo; printf %s-%s now raw; sleep 1; cat big'\r");
    await client.sees("now-raw");
    got = createHash("sha256");
    await until("all of it", () => bytes >= size, 60_000);
    expect(bytes).toBe(size);
    expect(got.digest("hex")).toBe(sent.digest("hex"));
  });

  it("answers Ctrl-C at once in the middle of `yes`", async () => {
    const client = await shell({ keep: false });
    client.input("yes\r");
    await until("a flood", () => client.bytes > 2_000_000, 20_000);
    const pressed = performance.now();
    client.input("\x03");
    await client.sees(/\^C[\s\S]*\$ /);
    // On a machine at rest some 20 ms; the rest is for one that is not.
    expect(performance.now() - pressed).toBeLessThan(2_000);
  });

  it("keeps memory flat and the shell going when a page stops acknowledging, and catches the page up", async () => {
    const client = await shell({ keep: false });
    client.acks = false;
    const { socket } = client;
    client.input("yes | head -c 10000000; echo the-end-$((40+2))\r");
    await until("the limit", () => client.bytes >= 90_000, 20_000);
    await wait(300);
    const atLimit = client.bytes;
    expect(atLimit).toBeLessThan(400_000);
    const other = await bench.attach(client.id, { keep: false });
    await other.sees("the-end-42", 40_000);
    expect(client.bytes - atLimit).toBeLessThan(200_000);
    expect(bench.server.terminals.get(client.id).backlog).toBeLessThan(600_000);
    expect(socket.bufferedAmount).toBe(0);
    client.acks = true;
    client.ackAll();
    await until("the screen once more", () => client.screens.length === 2);
    expect(client.text).toContain("the-end-42");
  });

  it("takes little of the machine while nobody looks: it is read in small portions with rests between", async () => {
    const client = await shell({ keep: false });
    client.input("seq 1 99999999\r");
    await until("a flood", () => client.bytes > 200_000, 20_000);
    client.socket.close();
    await until("it is gone", () => client.closed !== undefined);
    const seen = client.bytes;
    const rss = process.memoryUsage.rss();
    const began = performance.now();
    await wait(2_500);
    expect(process.memoryUsage.rss() - rss).toBeLessThan(40e6);
    const back = await bench.attach(client.id, { keep: false });
    await until("it shows the numbers", () => back.screens.length === 1);
    // 48 KiB every 40 ms is 1.2 MB/s; a slow machine makes it less. A shell that is not held back gives ten times as much.
    const portions = (performance.now() - began) / 40;
    const last = Math.max(...[...(back.screens[0]?.data.matchAll(/\d+/g) ?? [])].map(([digits]) => Number(digits)));
    const characters = last * (String(last).length + 2);
    expect(characters).toBeGreaterThan(seen / 2);
    expect(characters).toBeLessThan(seen + 1_000_000 + portions * 49_152 * 1.3);
    back.input("\x03");
    const again = await bench.attach(client.id);
    await again.sees(/\^C[\s\S]*\$ /);
  });

  it("is not cut short when the shell ends while a slow page holds it up", async () => {
    const client = await shell();
    client.acks = false;
    client.input("exec sh -c 'seq 1 60000; echo the-very-last'\r");
    await until("the limit", () => client.bytes > 95_000, 20_000);
    await wait(700);
    client.acks = true;
    client.ackAll();
    await until("the exit", () => client.exit === 0, 20_000);
    expect(client.text).toContain("60000\r\nthe-very-last");
  });

  it("is whole characters in every frame, however the program cuts them", async () => {
    const frames: string[] = [];
    const client = await shell({
      onBytes: (part) => {
        frames.push(new TextDecoder("utf-8", { fatal: true }).decode(part));
      },
    });
    writeFileSync(
      inFolder("cut.sh"),
      "printf '\\360\\235'; sleep 0.1; printf '\\204'; sleep 0.1; printf '\\236\\342'; sleep 0.1; printf '\\202\\254 cut-end\\n'",
    );
    client.input("sh cut.sh\r");
    await client.sees("𝄞€ cut-end");
    expect(frames.join("")).not.toContain("\ufffd");
  });
});

describe("where UTF-8 may be cut", () => {
  it("is after the last whole character, and anywhere in what is no UTF-8", () => {
    const cases: [number[], number][] = [
      [[], 0],
      [[0x61, 0x62], 2],
      [[0x61, 0xc3], 1],
      [[0xc3, 0xa4], 2],
      [[0x61, 0xe2, 0x82], 1],
      [[0xf0, 0x9d, 0x84], 0],
      [[0xf0, 0x9d, 0x84, 0x9e], 4],
      [[0x80, 0x80, 0x80, 0x80, 0x80], 5],
      [[0x61, 0xff], 2],
      [[0xc0], 1],
      [[0xf0, 0x9d, 0x84, 0x9e, 0xf0], 4],
    ];
    for (const [bytes, whole] of cases) expect(wholeCharacters(Uint8Array.from(bytes)), bytes.join(" ")).toBe(whole);
  });
});

describe("a page that comes back", () => {
  it("sees the same screen and history as one that stayed", async () => {
    const stayed = await shell();
    stayed.input(
      "for n in $(seq 1 300); do printf '\\e[3%dm%d ünïcödé\\e[0m\\n' $((n % 8)) $n; done; printf '\\e[1mbold\\e[0m last'\r",
    );
    await stayed.sees("last");
    await wait(100);
    const back = await bench.attach(stayed.id);
    await until("the screen", () => back.screens.length === 1);
    expect(await drawn(back.text)).toEqual(await drawn(stayed.text));
    expect(back.screens[0]).toMatchObject({ cols: 80, rows: 24 });
    back.input("echo both-$((1+1))\r");
    await stayed.sees("both-2");
    await back.sees("both-2");
  });

  it("in the middle of a colored flood sees no torn sequences", async () => {
    const first = await shell({ keep: false });
    writeFileSync(
      inFolder("flood.sh"),
      "i=0; while [ $i -lt 40000 ]; do printf '\\033[38;5;%dm%06d\\033[0m\\n' $((i % 256)) $i; i=$((i+1)); done; echo flood-end",
    );
    first.input("sh flood.sh\r");
    for (let n = 0; n < 6; n++) {
      const client = await bench.attach(first.id);
      await until("some of it", () => client.text.length > 30_000, 20_000);
      const lines = (await drawn(client.text)).filter((line) => line !== "");
      expect(lines.filter((line) => !/^\d{1,6}$|flood|\$/.test(line))).toEqual([]);
      client.socket.close();
    }
  });

  it("finds a full-screen program as it is", async () => {
    const first = await shell();
    first.input("printf '\\e[?1049h\\e[2J\\e[5;10Hin the middle'; sleep 100\r");
    await first.sees("in the middle");
    const back = await bench.attach(first.id);
    await until("the screen", () => back.screens.length === 1);
    const lines = await drawn(back.text);
    expect(lines[4]).toBe("         in the middle");
  });
});

describe("resizing", () => {
  it("reaches the program, and nonsense ends the connection", async () => {
    const client = await shell({ cols: 100, rows: 30 });
    client.input("stty size\r");
    await client.sees("30 100");
    client.resize(132, 43);
    client.input("stty size\r");
    await client.sees("43 132");
    client.resize(100_000, 1);
    await until("it is cut off", () => client.closed === 1007);
    const back = await bench.attach(client.id, { cols: 60, rows: 20 });
    await until("the screen in its size", () => back.screens[0]?.cols === 60 && back.screens[0]?.rows === 20);
  });
});

describe("input", () => {
  it("arrives whole when a long text is pasted", async () => {
    const client = await shell();
    const text = "0123456789 äöü €\n".repeat(40_000);
    client.input("stty -echo -icanon; head -c 880000 | sha256sum; stty sane\r");
    await wait(300);
    client.input(text);
    const hash = createHash("sha256").update(text).digest("hex");
    await client.sees(hash, 20_000);
  });

  it("to a program that does not read costs nothing", async () => {
    const client = await shell();
    client.input("stty -icanon -echo; sleep 1000; stty sane\r");
    await wait(300);
    client.input("x".repeat(500_000));
    await wait(300);
    const before = process.cpuUsage();
    await wait(1_000);
    const { user, system } = process.cpuUsage(before);
    expect((user + system) / 1e6).toBeLessThan(0.4);
  });

  it("is let go of by Ctrl-C, however much was pasted", async () => {
    const client = await shell({ keep: false });
    client.input("sleep 1000\r");
    await wait(300);
    client.input("x".repeat(500_000));
    client.input("\x03");
    await client.sees(/\^C[\s\S]*\$ /);
    client.input("echo alive-$((1+1))\r");
    await client.sees("alive-2");
  });
});
