// A signal that counts its listeners: a listener that remains is a leak that nothing else shows.

/** A signal under a test's control. */
export interface CountedSignal {
  readonly signal: AbortSignal;
  abort(): void;
  /** The number of listeners. */
  listeners(): number;
}

/** Makes a signal; `onRemoved` is called after each removal of a listener. */
export function countedSignal(onRemoved: () => void = () => {}): CountedSignal {
  const controller = new AbortController();
  const { signal } = controller;
  const listeners = new Set<unknown>();
  const { addEventListener, removeEventListener } = signal;
  signal.addEventListener = (...args: [string, EventListenerOrEventListenerObject, ...unknown[]]) => {
    listeners.add(args[1]);
    addEventListener.apply(signal, args as Parameters<AbortSignal["addEventListener"]>);
  };
  signal.removeEventListener = (...args: [string, EventListenerOrEventListenerObject, ...unknown[]]) => {
    removeEventListener.apply(signal, args as Parameters<AbortSignal["removeEventListener"]>);
    if (listeners.delete(args[1])) onRemoved();
  };
  return { signal, abort: () => controller.abort(), listeners: () => listeners.size };
}
