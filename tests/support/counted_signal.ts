// A signal that counts who listens to it: a listener that stays behind is a leak that nothing else shows.

/** A signal under a test's control. */
export interface CountedSignal {
  /** To hand out. */
  readonly signal: AbortSignal;
  /** Aborts it. */
  abort(): void;
  /** How many listen. */
  listeners(): number;
}

/** Makes one; `onRemoved` is called each time that a listener was removed. */
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
