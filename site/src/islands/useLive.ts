import { useStore } from "@nanostores/preact";
import type { Store, StoreValue } from "nanostores";

/**
 * A store's value, kept up to date. The first render takes the store's initial value, as the built page did: a page
 * swapped in later meets stores that are filled already, and hydration needs to find what was built.
 */
export const useLive = <S extends Store>(store: S): StoreValue<S> => useStore(store, { ssr: "initial" });
