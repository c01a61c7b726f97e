/** Small things a browser remembers for its reader. Never throws: private windows may refuse storage. */
export const kept = (key: string): string | undefined => {
  try {
    return localStorage.getItem(`workbook:${key}`) ?? undefined;
  } catch {
    return undefined;
  }
};

export const keep = (key: string, value: string): void => {
  try {
    localStorage.setItem(`workbook:${key}`, value);
  } catch {
    // Not remembered then; nothing else depends on it.
  }
};
