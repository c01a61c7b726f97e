/** One terminal on the page: xterm, its addons and its stream. Lives as long as the page, shown or not. */
import { ClipboardAddon } from "@xterm/addon-clipboard";
import { FitAddon } from "@xterm/addon-fit";
import { SearchAddon } from "@xterm/addon-search";
import { UnicodeGraphemesAddon } from "@xterm/addon-unicode-graphemes";
import { WebLinksAddon } from "@xterm/addon-web-links";
import { Terminal } from "@xterm/xterm";
import "@xterm/xterm/css/xterm.css";
import { atom } from "nanostores";
import { announce } from "../stores/announce.ts";
import { kept } from "../stores/kept.ts";
import { TerminalStream } from "./stream.ts";
import { readTheme } from "./theme.ts";

export interface SessionState {
  connected: boolean;
  /** Set when the shell has ended. */
  exited?: number;
  searching: boolean;
}

const cssNumber = (name: string) =>
  Number.parseFloat(getComputedStyle(document.documentElement).getPropertyValue(name));

export class TerminalSession {
  readonly id: string;
  readonly $state = atom<SessionState>({ connected: false, searching: false });
  readonly element = document.createElement("div");
  #terminal: Terminal;
  #fit = new FitAddon();
  #search = new SearchAddon();
  #stream: TerminalStream;
  #opened = false;
  #wantsFocus = false;
  #observer = new ResizeObserver(() => void this.#sized());
  #themed = () => {
    this.#terminal.options.theme = readTheme();
  };

  constructor(id: string) {
    this.id = id;
    this.element.className = "terminal-screen";
    this.#terminal = new Terminal({
      fontFamily: getComputedStyle(document.documentElement).getPropertyValue("--mono"),
      fontSize: cssNumber("--term-size"),
      lineHeight: 1.25,
      scrollback: 10_000,
      cursorBlink: !matchMedia("(prefers-reduced-motion: reduce)").matches,
      minimumContrastRatio: 4.5,
      allowProposedApi: true,
      screenReaderMode: kept("screen-reader") === "on",
      theme: readTheme(),
    });
    this.#terminal.loadAddon(this.#fit);
    this.#terminal.loadAddon(this.#search);
    this.#terminal.loadAddon(new UnicodeGraphemesAddon());
    this.#terminal.loadAddon(new WebLinksAddon());
    this.#terminal.loadAddon(new ClipboardAddon());
    this.#terminal.attachCustomKeyEventHandler((event) => this.#key(event));
    this.#stream = new TerminalStream(id, {
      output: (text, parsed) => this.#terminal.write(text, parsed),
      screen: (data, parsed) => {
        this.#terminal.reset();
        this.#terminal.write(data, parsed);
      },
      exit: (code) => this.#set({ exited: code }),
      link: (connected) => this.#set({ connected }),
    });
    this.#terminal.onData((data) => this.#stream.input(data));
    this.#terminal.onResize(({ cols, rows }) => this.#stream.resize(cols, rows));
    addEventListener("workbook:themed", this.#themed);
  }

  #set(part: Partial<SessionState>): void {
    this.$state.set({ ...this.$state.get(), ...part });
  }

  /** Keys that are the page's even inside the terminal. False keeps xterm from taking one. */
  #key(event: KeyboardEvent): boolean {
    // The page's own handler moves the focus; here it only must not reach the shell.
    if (event.key === "F6") return false;
    if (!event.ctrlKey || !event.shiftKey) return true;
    const key = event.key.toLowerCase();
    if (key === "f") {
      if (event.type === "keydown") this.search(true);
      event.preventDefault();
      return false;
    }
    if (key === "c" && this.#terminal.hasSelection()) {
      if (event.type === "keydown") void navigator.clipboard.writeText(this.#terminal.getSelection());
      event.preventDefault();
      return false;
    }
    return key !== "enter";
  }

  /** Shows the terminal inside this element. */
  attach(host: HTMLElement): void {
    host.append(this.element);
    this.#observer.observe(this.element);
  }

  /** The element has got a size: draws into it, for the first time once there is one (a closed drawer has none). */
  async #sized(): Promise<void> {
    if (this.element.clientWidth === 0 || this.element.clientHeight === 0) return;
    if (this.#opened) {
      this.fit();
      return;
    }
    this.#opened = true;
    // The grid is measured once, so the typeface has to be there first.
    await document.fonts.load(`${cssNumber("--term-size")}px "JetBrains Mono Variable"`).catch(() => []);
    this.#terminal.open(this.element);
    this.#terminal.textarea?.addEventListener("focus", () => announce("Terminal. F6 leaves it."));
    this.fit();
    void this.#speedUp();
    if (this.#wantsFocus) this.focus();
  }

  detach(): void {
    this.#observer.disconnect();
    this.element.remove();
  }

  /** Draws with the graphics card where there is one; without, xterm's own renderer stays. */
  async #speedUp(): Promise<void> {
    const { WebglAddon } = await import("@xterm/addon-webgl");
    try {
      const webgl = new WebglAddon();
      webgl.onContextLoss(() => webgl.dispose());
      this.#terminal.loadAddon(webgl);
    } catch {
      // No WebGL here.
    }
  }

  fit(): void {
    // Opening waits for the typeface; until then there is nothing to fit.
    if (!this.#terminal.element || this.element.clientWidth === 0 || this.element.clientHeight === 0) return;
    this.#fit.fit();
    this.#stream.resize(this.#terminal.cols, this.#terminal.rows);
  }

  focus(): void {
    this.#wantsFocus = !this.#terminal.element;
    this.#terminal.focus();
  }

  /** Types a command and presses Enter; several lines go in as one paste, so that the shell takes them as a whole. */
  runCommand(command: string): void {
    const text = command.replace(/\s+$/, "");
    if (text.includes("\n")) this.#terminal.paste(text);
    else this.#stream.input(text);
    this.#stream.input("\r");
    this.#terminal.scrollToBottom();
  }

  search(on: boolean): void {
    this.#set({ searching: on });
    if (!on) {
      this.#search.clearDecorations();
      this.focus();
    }
  }
  find(text: string, back = false): void {
    if (back) this.#search.findPrevious(text);
    else this.#search.findNext(text);
  }

  /** Mirrors the screen into text a screen reader can browse. */
  screenReader(on: boolean): void {
    this.#terminal.options.screenReaderMode = on;
  }

  dispose(): void {
    removeEventListener("workbook:themed", this.#themed);
    this.#stream.close();
    this.#observer.disconnect();
    this.#terminal.dispose();
    this.element.remove();
  }
}
