/** Says something to a screen reader, politely, through the page's one live region. */
export const announce = (text: string): void => {
  const region = document.getElementById("announcer");
  if (!region) return;
  const line = document.createElement("p");
  line.textContent = text;
  region.append(line);
  // Old lines go, so that nobody browses into them.
  setTimeout(() => line.remove(), 8000);
};
