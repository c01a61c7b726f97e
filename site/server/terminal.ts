import type { ReadStream } from "node:tty";
import { SerializeAddon } from "@xterm/addon-serialize";
import headless from "@xterm/headless";
import { type IPty, spawn } from "node-pty";
import type { TerminalDown, TerminalView } from "../protocol.ts";
import { endSession, sessionMembers, sessionOf } from "./process-session.ts";
import { PtyWriter } from "./pty-writer.ts";
import type { ShellSpec } from "./shell.ts";
import { wholeCharacters } from "./utf8.ts";

/** UTF-16 code units that a page may have been sent and not yet acknowledged before the pty is paused, and when it goes on. */
export const unackedHigh = 100_000;
export const unackedLow = 5_000;
/** The same for the screen kept here, which is what paces a shell that nobody looks at. */
const screenHigh = 256_000;
const screenLow = 64_000;
const scrollback = 5_000;
/** What the screen is given at a time: some 2 ms of work. */
const feedUpTo = 49_152;
/** Rest between two feeds while no page keeps up (ms), so that a `yes` nobody looks at does not eat a processor. */
const unwatchedRest = 40;
/** Output is gathered for at most this long (ms) or this many bytes; the first after a pause goes out at once. */
const gatherFor = 4;
const gatherUpTo = 16_384;
/** A page that acknowledges nothing for this long (ms) holds the shell up no longer: it gets the screen when it is back. */
const stalledAfter = 2_000;
/** How long (ms) a replay waits for an escape sequence to be complete. */
const wholeSequenceWithin = 100;

export interface Size {
  cols: number;
  rows: number;
}

/** A page looking at a terminal. */
export interface Viewer {
  /** Output bytes; always whole UTF-8 characters where the program's output is UTF-8. */
  output(bytes: Buffer): void;
  control(message: TerminalDown): void;
  /** The terminal is gone. */
  end(): void;
}

interface Attached {
  viewer: Viewer;
  /** joining: gets the screen next. live: gets output. behind: was too slow, gets nothing until it has caught up. */
  state: "joining" | "live" | "behind";
  unacked: number;
  lastAck: number;
  joinedAt: number;
}

interface Frame {
  bytes: Buffer;
  /** The same as text: its length is what the page's parser counts. */
  text: string;
}

/** What we need of node-pty beyond its declared interface. */
interface PtyInternals {
  fd: number;
  _socket: ReadStream;
}
/** xterm's parser is between sequences in state 0. */
interface ScreenInternals {
  _core?: { _inputHandler?: { _parser?: { currentState?: number } } };
}

export interface TerminalOptions {
  id: string;
  lab: string;
  title: string;
  shell: () => ShellSpec;
  onChange: () => void;
}

/** One shell on a pty, with the screen it has drawn kept here, so that pages come and go without losing anything. */
export class WorkbookTerminal {
  readonly id: string;
  readonly lab: string;
  readonly title: string;
  #shell: () => ShellSpec;
  #onChange: () => void;
  #pty: (IPty & PtyInternals) | undefined;
  #screen: headless.Terminal;
  #serializer = new SerializeAddon();
  #decoder = new TextDecoder("utf-8", { ignoreBOM: true });
  #writer: PtyWriter;
  #attached = new Map<Viewer, Attached>();
  #tail: Buffer = Buffer.alloc(0);
  #gathered: Buffer[] = [];
  #gatheredBytes = 0;
  #flushedAt = 0;
  #flushTimer: NodeJS.Timeout | undefined;
  #unparsed: Frame[] = [];
  #unparsedUnits = 0;
  /** How many of the unparsed frames the screen is taking in just now. */
  #feeding = 0;
  /** Code units the screen was given since it last rested: many small portions weigh as much as one large. */
  #fedSinceRest = 0;
  #feedTimer: NodeJS.Timeout | undefined;
  #paused = false;
  #stallTimer: NodeJS.Timeout | undefined;
  #joinTimer: NodeJS.Timeout | undefined;
  /** Ends reading once what is still in the pty has been read; set after the shell's exit. */
  #finishReading: (() => void) | undefined;
  #finishTimer: NodeJS.Timeout | undefined;
  #exit: { code: number } | undefined;
  /** Jobs that went on after the shell. */
  #jobsLeft: number[] = [];
  #closed = false;
  #sent = 0;

  constructor({ id, lab, title, shell, onChange }: TerminalOptions) {
    this.id = id;
    this.lab = lab;
    this.title = title;
    this.#shell = shell;
    this.#onChange = onChange;
    this.#screen = new headless.Terminal({ cols: 80, rows: 24, scrollback, allowProposedApi: true });
    this.#screen.loadAddon(this.#serializer as unknown as headless.ITerminalAddon);
    this.#writer = new PtyWriter(() => this.#fd());
  }

  view(): TerminalView {
    return { id: this.id, lab: this.lab, title: this.title, alive: this.#exit === undefined && !this.#closed };
  }

  get pid(): number | undefined {
    return this.#pty?.pid;
  }

  /** Characters waiting for the parser here, for tests and benchmarks. */
  get backlog(): number {
    return this.#unparsedUnits + this.#gatheredBytes;
  }

  /** Shows the terminal to a page, which gets the screen first and output from there on. The first page starts the shell. */
  attach(viewer: Viewer): void {
    if (!this.#pty && !this.#exit) this.#start();
    const now = performance.now();
    const one: Attached = { viewer, state: "joining", unacked: 0, lastAck: now, joinedAt: now };
    this.#attached.set(viewer, one);
    this.#join(one);
  }

  detach(viewer: Viewer): void {
    this.#attached.delete(viewer);
    this.#pace();
  }

  /** What a person types or pastes. It is dropped when the program has left megabytes unread already. */
  input(text: string): void {
    if (!this.#exit) this.#writer.write(text);
  }

  /** The last page to say its size decides. */
  resize({ cols, rows }: Size): void {
    if (this.#closed || (cols === this.#screen.cols && rows === this.#screen.rows)) return;
    this.#flush();
    this.#screen.resize(cols, rows);
    try {
      if (this.#fd() !== undefined) this.#pty?.resize(cols, rows);
    } catch {
      // The shell exited just now.
    }
  }

  /** The page's parser has taken in this many UTF-16 code units. */
  ack(viewer: Viewer, units: number): void {
    const one = this.#attached.get(viewer);
    if (!one) return;
    // A page also acknowledges the replayed screen, which is not counted here.
    one.unacked = Math.max(0, one.unacked - units);
    one.lastAck = performance.now();
    if (one.state === "behind" && one.unacked <= unackedLow) this.#join(one);
    this.#pace();
  }

  /** Ends the shell and all it started. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    const session = this.#pty?.pid;
    if (this.#paused) this.#resume();
    // After the shell's end its number may go to a stranger, unless a job of its session still holds it.
    const ours = !this.#exit || this.#jobsLeft.some((pid) => sessionOf(pid) === session);
    if (session !== undefined && ours) await endSession(session);
    this.#finish();
    this.#writer.stop();
    for (const timer of [this.#flushTimer, this.#stallTimer, this.#joinTimer, this.#finishTimer, this.#feedTimer])
      clearTimeout(timer);
    for (const { viewer } of this.#attached.values()) {
      if (!this.#exit) viewer.control({ type: "exit", code: 129 });
      viewer.end();
    }
    this.#attached.clear();
    this.#screen.dispose();
  }

  #fd(): number | undefined {
    const pty = this.#pty;
    // Once the stream is destroyed the number may belong to another file.
    return pty === undefined || this.#exit || pty._socket.destroyed ? undefined : pty.fd;
  }

  #start(): void {
    const { file, args, env, cwd } = this.#shell();
    const { cols, rows } = this.#screen;
    const pty = spawn(file, args, { name: "xterm-256color", cols, rows, cwd, env, encoding: null }) as IPty &
      PtyInternals;
    this.#pty = pty;
    this.#keepLastOutput(pty._socket);
    // With encoding null the data are bytes, whatever the declaration says.
    pty.onData((data) => this.#onData(data as unknown as Buffer));
    pty.onExit(({ exitCode, signal }) => this.#onExit(signal ? 128 + signal : exitCode));
  }

  /**
   * 200 ms after the shell's exit node-pty destroys the stream, read or not. While it is paused for a slow page that would
   * lose the last output: so reading goes on to the end first.
   */
  #keepLastOutput(socket: ReadStream): void {
    const destroy = socket.destroy.bind(socket);
    socket.destroy = (error?: Error) => {
      if (error || this.#closed || !this.#paused) return destroy(error);
      this.#finishReading ??= () => destroy();
      return socket;
    };
  }

  #finish(): void {
    this.#finishReading?.();
    this.#finishReading = undefined;
  }

  #onData(data: Buffer): void {
    if (this.#closed) return;
    const bytes = this.#tail.length > 0 ? Buffer.concat([this.#tail, data]) : data;
    const whole = wholeCharacters(bytes);
    this.#tail = whole === bytes.length ? Buffer.alloc(0) : Buffer.from(bytes.subarray(whole));
    if (whole > 0) this.#gather(whole === bytes.length ? bytes : bytes.subarray(0, whole));
    if (this.#finishReading && !this.#paused) this.#finishSoon();
  }

  #gather(bytes: Buffer): void {
    this.#gathered.push(bytes);
    this.#gatheredBytes += bytes.length;
    const wait = gatherFor - (performance.now() - this.#flushedAt);
    if (this.#gatheredBytes >= gatherUpTo || wait <= 0) this.#flush();
    else this.#flushTimer ??= setTimeout(() => this.#flush(), wait);
  }

  #flush(): void {
    clearTimeout(this.#flushTimer);
    this.#flushTimer = undefined;
    if (this.#gathered.length === 0) return;
    const bytes = this.#gathered.length === 1 ? (this.#gathered[0] as Buffer) : Buffer.concat(this.#gathered);
    this.#gathered = [];
    this.#gatheredBytes = 0;
    this.#flushedAt = performance.now();
    this.#sent += bytes.length;
    const text = this.#decoder.decode(bytes);
    const frame: Frame = { bytes, text };
    for (const one of this.#attached.values()) if (one.state === "live") this.#send(one, frame);
    this.#unparsed.push(frame);
    this.#unparsedUnits += text.length;
    this.#feed();
    this.#pace();
  }

  /** Gives the screen its next few frames: little at a time, or a flood here would hold up the echo in another terminal. */
  #feed(): void {
    if (this.#feeding > 0 || this.#feedTimer !== undefined || this.#unparsed.length === 0 || this.#closed) return;
    let text = "";
    for (const frame of this.#unparsed) {
      text += frame.text;
      this.#feeding += 1;
      if (text.length >= feedUpTo) break;
    }
    this.#screen.write(text, () => {
      this.#unparsed.splice(0, this.#feeding);
      this.#unparsedUnits -= text.length;
      this.#feeding = 0;
      this.#showToJoining();
      this.#fedSinceRest += text.length;
      if (this.#fedSinceRest >= feedUpTo && !this.#watched()) {
        this.#fedSinceRest = 0;
        this.#feedTimer = setTimeout(() => {
          this.#feedTimer = undefined;
          this.#feed();
        }, unwatchedRest);
      } else this.#feed();
      this.#pace();
    });
  }

  #watched(): boolean {
    return [...this.#attached.values()].some((one) => one.state === "live");
  }

  #send(one: Attached, { bytes, text }: Frame): void {
    if (one.unacked === 0) one.lastAck = performance.now();
    one.unacked += text.length;
    one.viewer.output(bytes);
  }

  #join(one: Attached): void {
    one.state = "joining";
    one.joinedAt = performance.now();
    this.#flush();
    this.#showToJoining();
    this.#joinTimer ??= setTimeout(() => {
      this.#joinTimer = undefined;
      this.#showToJoining();
    }, wholeSequenceWithin + 5);
  }

  /**
   * Between two feeds the screen is exactly what all frames but the unparsed ones have drawn. Waits for the end of an escape
   * sequence that two frames share, or its rest would show as text.
   */
  #showToJoining(): void {
    if (this.#closed || this.#feeding > 0) return;
    const state = (this.#screen as unknown as ScreenInternals)._core?._inputHandler?._parser?.currentState ?? 0;
    const now = performance.now();
    const ready = [...this.#attached.values()].filter(
      (one) => one.state === "joining" && (state === 0 || now - one.joinedAt > wholeSequenceWithin),
    );
    if (ready.length === 0) return;
    const { cols, rows } = this.#screen;
    const data = this.#serializer.serialize({ scrollback });
    const unparsed = this.#unparsed.reduce((sum, frame) => sum + frame.bytes.length, 0);
    for (const one of ready) {
      one.state = "live";
      one.unacked = 0;
      one.viewer.control({ type: "screen", data, cols, rows, seq: this.#sent - unparsed });
      for (const frame of this.#unparsed) this.#send(one, frame);
      if (this.#exit) one.viewer.control({ type: "exit", code: this.#exit.code });
    }
    this.#pace();
  }

  #pace(): void {
    if (!this.#pty || this.#closed) return;
    const live = [...this.#attached.values()].filter((one) => one.state === "live");
    if (!this.#paused) {
      if (this.#unparsedUnits <= screenHigh && live.every((one) => one.unacked <= unackedHigh)) return;
      this.#paused = true;
      this.#pty.pause();
      this.#stallTimer ??= setInterval(() => this.#dropStalled(), stalledAfter / 4).unref();
    } else if (this.#unparsedUnits <= screenLow && live.every((one) => one.unacked <= unackedLow)) {
      this.#resume();
    }
  }

  #resume(): void {
    this.#paused = false;
    clearInterval(this.#stallTimer);
    this.#stallTimer = undefined;
    this.#pty?.resume();
    if (this.#finishReading) this.#finishSoon();
  }

  #dropStalled(): void {
    const now = performance.now();
    for (const one of this.#attached.values()) {
      if (one.state === "live" && one.unacked > unackedLow && now - one.lastAck > stalledAfter) one.state = "behind";
    }
    this.#pace();
  }

  /** A background job may keep the pty open after its shell: reading ends when nothing has come for a while. */
  #finishSoon(): void {
    clearTimeout(this.#finishTimer);
    this.#finishTimer = setTimeout(() => {
      if (!this.#paused) this.#finish();
    }, 200);
  }

  #onExit(code: number): void {
    clearTimeout(this.#finishTimer);
    if (this.#closed) return;
    if (this.#tail.length > 0) {
      this.#gathered.push(this.#tail);
      this.#tail = Buffer.alloc(0);
    }
    this.#flush();
    this.#exit = { code };
    this.#jobsLeft = this.#pty ? sessionMembers(this.#pty.pid) : [];
    this.#writer.stop();
    clearInterval(this.#stallTimer);
    this.#stallTimer = undefined;
    for (const one of this.#attached.values()) if (one.state === "live") one.viewer.control({ type: "exit", code });
    this.#onChange();
  }
}
