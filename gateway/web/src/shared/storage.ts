/** What this device remembers. Where storage is full or forbidden, nothing is remembered and nothing breaks. */

/** @param where `localStorage` outlives the tab, `sessionStorage` does not. */
function keeper(where: "localStorage" | "sessionStorage") {
  return {
    read(key: string): string | null {
      try {
        return window[where].getItem(key);
      } catch {
        return null;
      }
    },
    write(key: string, value: string): void {
      try {
        window[where].setItem(key, value);
      } catch {
        console.warn(`${where} refused ${key}; it is kept for this page only`);
      }
    },
    /** The stored value, or `otherwise` when there is none or it cannot be read. */
    readJson<T>(key: string, otherwise: T): T {
      try {
        return JSON.parse(this.read(key) ?? "null") ?? otherwise;
      } catch {
        return otherwise;
      }
    },
    writeJson(key: string, value: unknown): void {
      this.write(key, JSON.stringify(value));
    },
  };
}
export const onDevice = keeper("localStorage");
export const inTab = keeper("sessionStorage");
