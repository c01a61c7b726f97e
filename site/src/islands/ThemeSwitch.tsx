import { Monitor, Moon, Sun } from "lucide-preact";
import { useEffect, useState } from "preact/hooks";
import { announce } from "../stores/announce.ts";
import { keep, kept } from "../stores/kept.ts";

const themes = ["system", "light", "dark"] as const;
type Theme = (typeof themes)[number];
const icons = { system: Monitor, light: Sun, dark: Moon };

/** Light, dark, or as the system has it; one button that goes round. */
export default function ThemeSwitch() {
  const [theme, setTheme] = useState<Theme>("system");
  useEffect(() => {
    const saved = kept("theme");
    if (saved === "light" || saved === "dark") setTheme(saved);
  }, []);
  const next = () => {
    const chosen = themes[(themes.indexOf(theme) + 1) % themes.length] as Theme;
    setTheme(chosen);
    keep("theme", chosen);
    dispatchEvent(new Event("workbook:theme"));
    announce(`Theme: ${chosen}`);
  };
  const Icon = icons[theme];
  return (
    <button
      type="button"
      class="icon-button"
      aria-label={`Theme: ${theme}. Change`}
      title={`Theme: ${theme}`}
      onClick={next}
    >
      <Icon size={18} aria-hidden="true" />
    </button>
  );
}
