import { Search } from "lucide-preact";
import { useEffect, useId, useRef, useState } from "preact/hooks";
import { $reports } from "../stores/socket.ts";

interface Found {
  url: string;
  title: string;
  excerpt: string;
}
interface Pagefind {
  init(): Promise<void>;
  debouncedSearch(
    query: string,
    options?: object,
    wait?: number,
  ): Promise<{ results: { data(): Promise<RawResult> }[] } | null>;
}
interface RawResult {
  url: string;
  meta: { title?: string };
  excerpt: string;
  sub_results: { url: string; title: string; excerpt: string }[];
}

let loading: Promise<Pagefind> | undefined;
const load = (): Promise<Pagefind> => {
  const path = "/pagefind/pagefind.js";
  loading ??= (import(/* @vite-ignore */ path) as Promise<Pagefind>).then(async (pagefind) => {
    await pagefind.init();
    return pagefind;
  });
  return loading;
};

/** The index holds a stand-in where the learner's namespace goes. */
const ownNames = (text: string): string =>
  text.replace(/wbns(\d\d)wb/g, (_, number: string) => {
    const report = Object.values($reports.get()).find(({ lab }) => lab.startsWith(number));
    return report?.namespace ?? `lab-${number}`;
  });

const find = async (query: string): Promise<Found[] | undefined> => {
  const pagefind = await load();
  const search = await pagefind.debouncedSearch(query, {}, 120);
  if (search === null) return undefined;
  const pages = await Promise.all(search.results.slice(0, 6).map((result) => result.data()));
  return pages.flatMap(({ url, meta, excerpt, sub_results }) =>
    sub_results.length > 0
      ? sub_results.slice(0, 3).map((part) => ({
          url: part.url,
          title: part.title === meta.title ? part.title : `${meta.title} › ${part.title}`,
          excerpt: ownNames(part.excerpt),
        }))
      : [{ url, title: meta.title ?? url, excerpt: ownNames(excerpt) }],
  );
};

/** Pagefind's excerpts are text with <mark>; anything else in them stays text. */
function Excerpt({ text }: { text: string }) {
  const decode = (part: string) =>
    part
      .replace(/&lt;/g, "<")
      .replace(/&gt;/g, ">")
      .replace(/&quot;/g, '"')
      .replace(/&#39;/g, "'")
      .replace(/&amp;/g, "&");
  return (
    <p>
      {text
        .split(/<mark>(.*?)<\/mark>/)
        .map((part, index) => (index % 2 === 1 ? <mark key={`${index}${part}`}>{decode(part)}</mark> : decode(part)))}
    </p>
  );
}

/** Search over the lessons; the index is fetched when the dialog first opens. */
export default function SearchDialog() {
  const dialog = useRef<HTMLDialogElement>(null);
  const [query, setQuery] = useState("");
  const [found, setFound] = useState<Found[]>([]);
  const [note, setNote] = useState("");
  const [at, setAt] = useState(0);
  const id = useId();
  useEffect(() => {
    const open = () => {
      if (!dialog.current?.open) dialog.current?.showModal();
      void load().catch(() => setNote("The search index is missing: build the site again."));
    };
    const close = () => dialog.current?.close();
    addEventListener("workbook:search", open);
    document.addEventListener("astro:before-swap", close);
    return () => {
      removeEventListener("workbook:search", open);
      document.removeEventListener("astro:before-swap", close);
    };
  }, []);
  const type = async (text: string) => {
    setQuery(text);
    setAt(0);
    if (text.trim().length < 2) {
      setFound([]);
      setNote("");
      return;
    }
    const results = await find(text).catch(() => {
      setNote("The search index is missing: build the site again.");
      return undefined;
    });
    if (!results) return;
    setFound(results);
    setNote(results.length === 0 ? `Nothing about “${text}” in the lessons.` : `${results.length} found`);
  };
  const key = (event: KeyboardEvent) => {
    const step = event.key === "ArrowDown" ? 1 : event.key === "ArrowUp" ? -1 : 0;
    if (step !== 0 && found.length > 0) {
      event.preventDefault();
      const next = (at + step + found.length) % found.length;
      setAt(next);
      document.getElementById(`${id}-${next}`)?.scrollIntoView({ block: "nearest" });
    } else if (event.key === "Enter") {
      document.getElementById(`${id}-${at}`)?.click();
    }
  };
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: a click beside the dialog closes it; the key for that is Esc, the dialog's own
    <dialog
      ref={dialog}
      class="search"
      aria-label="Search the lessons"
      onClick={(event) => event.target === dialog.current && dialog.current?.close()}
    >
      <div class="search-line">
        <Search size={18} aria-hidden="true" />
        <input
          type="search"
          role="combobox"
          aria-expanded={found.length > 0}
          aria-controls={`${id}-list`}
          aria-activedescendant={found.length > 0 ? `${id}-${at}` : undefined}
          aria-label="Search the lessons"
          placeholder="Search the lessons"
          value={query}
          onInput={(event) => void type(event.currentTarget.value)}
          onKeyDown={key}
        />
        <kbd>Esc</kbd>
      </div>
      <div id={`${id}-list`} role="listbox" class="search-list" aria-label="Found">
        {found.map((one, index) => (
          <a
            key={one.url}
            id={`${id}-${index}`}
            role="option"
            aria-selected={index === at}
            tabIndex={-1}
            href={one.url}
            onClick={() => dialog.current?.close()}
          >
            <b>{one.title}</b>
            <Excerpt text={one.excerpt} />
          </a>
        ))}
      </div>
      <p class="note" aria-live="polite">
        {note}
      </p>
    </dialog>
  );
}
