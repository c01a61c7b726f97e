// Runs before the first paint: theme and pane sizes as the reader left them. Again after each page swap, which resets <html>.
(() => {
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const read = (key) => {
    try {
      return localStorage.getItem(`workbook:${key}`);
    } catch {
      return null;
    }
  };
  const apply = () => {
    const root = document.documentElement;
    const choice = read("theme");
    root.dataset.theme = choice === "light" || choice === "dark" ? choice : dark.matches ? "dark" : "light";
    for (const size of ["split", "drawer"]) {
      const value = read(size);
      if (value) root.style.setProperty(`--${size}`, value);
    }
    dispatchEvent(new Event("workbook:themed"));
  };
  apply();
  dark.addEventListener("change", apply);
  document.addEventListener("astro:after-swap", apply);
  addEventListener("workbook:theme", apply);
})();
