import { beforeEach, describe, expect, it } from "vitest";
import {
  $layouts,
  activate,
  currentPane,
  layoutOf,
  markFocused,
  place,
  reconcile,
  rename,
  replace,
} from "../../site/src/stores/layout.ts";

const lab = "01-cluster-and-kubectl";
const view = (id: string) => ({ id, lab, title: id, alive: true });
const layout = () => layoutOf($layouts.get(), lab);
const tabs = () => layout().tabs.map(({ panes }) => panes.join("+"));

beforeEach(() => $layouts.set({}));

describe("the layout of a lab's terminals", () => {
  it("gives each terminal the server has a tab, and takes away those that ended", () => {
    reconcile(lab, [view("a"), view("b")]);
    expect(tabs()).toEqual(["a", "b"]);
    activate(lab, "a");
    reconcile(lab, [view("b"), view("c")]);
    expect(tabs()).toEqual(["b", "c"]);
    expect(layout().active).toBe("c");
  });

  it("splits the active tab, also when the server's news of the new terminal comes first", () => {
    reconcile(lab, [view("a")]);
    reconcile(lab, [view("a"), view("b")]);
    activate(lab, "a");
    place(lab, "b", "column");
    expect(tabs()).toEqual(["a+b"]);
    expect(layout().tabs[0]?.direction).toBe("column");
    expect(currentPane(layout())).toBe("b");
    reconcile(lab, [view("b")]);
    expect(tabs()).toEqual(["b"]);
  });

  it("knows the terminal that was used last", () => {
    reconcile(lab, [view("a")]);
    place(lab, "b", "row");
    markFocused(lab, "a", "a");
    expect(currentPane(layout())).toBe("a");
    place(lab, "c");
    expect(currentPane(layout())).toBe("c");
  });

  it("puts a new shell where the old one was, with its name", () => {
    reconcile(lab, [view("a")]);
    place(lab, "b", "row");
    rename(lab, "b", "  watch ");
    const before = layout();
    // The server tells of the end of one and the start of the other before it answers.
    reconcile(lab, [view("a")]);
    reconcile(lab, [view("a"), view("new")]);
    replace(lab, before, "b", "new");
    reconcile(lab, [view("a"), view("new")]);
    expect(tabs()).toEqual(["a+new"]);
    expect(layout().names).toEqual({ new: "watch" });
    rename(lab, "new", " ");
    expect(layout().names).toEqual({});
  });
});
