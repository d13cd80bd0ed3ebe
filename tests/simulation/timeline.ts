// Virtual time: due events happen in their order, at once, and in the same order for the same seed.

/** A queue of coming events; milliseconds from 0 on. */
export interface Timeline {
  /** The present. */
  now(): number;
  /** Happens once, later; returns a function that cancels it. */
  after(milliseconds: number, happen: () => void): () => void;
  /** Lets all happen that is due until then, and ends there. */
  runUntil(milliseconds: number): void;
}

interface Due {
  readonly at: number;
  /** Of two that are due at one moment the earlier planned is first. */
  readonly order: number;
  happen: (() => void) | null;
}

/** A timeline at 0 with nothing due. */
export function startTimeline(): Timeline {
  const heap: Due[] = [];
  let now = 0;
  let planned = 0;
  return {
    now: () => now,
    after(milliseconds, happen) {
      const due: Due = { at: now + Math.max(0, milliseconds), order: planned++, happen };
      push(heap, due);
      return () => due.happen = null;
    },
    runUntil(milliseconds) {
      for (let next = heap[0]; next !== undefined && next.at <= milliseconds; next = heap[0]) {
        pop(heap);
        now = next.at;
        next.happen?.();
      }
      now = milliseconds;
    },
  };
}

function isBefore(one: Due, other: Due): boolean {
  return one.at < other.at || (one.at === other.at && one.order < other.order);
}

function push(heap: Due[], due: Due): void {
  let index = heap.push(due) - 1;
  while (index > 0) {
    const parent = (index - 1) >> 1;
    if (!isBefore(due, heap[parent]!)) break;
    heap[index] = heap[parent]!;
    index = parent;
  }
  heap[index] = due;
}

function pop(heap: Due[]): void {
  const last = heap.pop()!;
  if (heap.length === 0) return;
  let index = 0;
  for (;;) {
    let child = 2 * index + 1;
    if (child >= heap.length) break;
    if (child + 1 < heap.length && isBefore(heap[child + 1]!, heap[child]!)) child++;
    if (!isBefore(heap[child]!, last)) break;
    heap[index] = heap[child]!;
    index = child;
  }
  heap[index] = last;
}
