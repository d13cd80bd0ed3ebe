// The events of the last hour, one by one, for charts: each reload, and how long each change of another instance took
// to be in force here. It is in memory only and bounded: if there is more than fits, the newest are kept.

/** The age up to which figures are given. */
const RECENT_MILLISECONDS = 3_600_000;

/** Of each kind: one every 5 s. */
const MAX_KEPT = 720;

/** How a reload ended, as in the status. */
export type RecentOutcome = "activated" | "unchanged" | "held" | "rejected" | "unreadable" | "write-failed";

/** A reload that ended. */
export interface RecentReload {
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly outcome: RecentOutcome;
  readonly durationMilliseconds: number;
}

/** A change of another instance that came into force here. */
export interface RecentLatency {
  /** Milliseconds since 1970. */
  readonly at: number;
  /** From its announcement. */
  readonly seconds: number;
}

/** The figures of one kind, the earliest first. */
export interface Recent<Figure> {
  readonly entries: readonly Figure[];
  /** Whether there were more in that time than are kept. */
  readonly hasMore: boolean;
}

/** The figures of a period. */
export interface RecentFigures {
  /** Milliseconds since 1970, exclusive. */
  readonly from: number;
  /** Inclusive. */
  readonly to: number;
  readonly reloads: Recent<RecentReload>;
  readonly latencies: Recent<RecentLatency>;
}

/** Keeps figures; times are those of the wall clock, in milliseconds since 1970. */
export interface FigureMemory {
  reloaded(reload: RecentReload): void;
  /** Negative seconds, which a clock that was set back can cause, count as 0. */
  agreed(latency: RecentLatency): void;
  /** Those of the last hour. */
  recent(now: number): RecentFigures;
}

/** Opens an empty memory. */
export function openFigureMemory(): FigureMemory {
  const reloads = openRing<RecentReload>();
  const latencies = openRing<RecentLatency>();
  return {
    reloaded: reloads.add,
    agreed: ({ at, seconds }) => latencies.add({ at, seconds: Math.max(0, seconds) }),
    recent(now) {
      const from = now - RECENT_MILLISECONDS;
      return { from, to: now, reloads: reloads.between(from, now), latencies: latencies.between(from, now) };
    },
  };
}

function openRing<Figure extends { readonly at: number }>() {
  const kept: Figure[] = [];
  let lastLeftOut = -Infinity;
  return {
    add(figure: Figure) {
      kept.push(figure);
      if (kept.length > MAX_KEPT) lastLeftOut = kept.shift()!.at;
    },
    between: (from: number, to: number): Recent<Figure> => ({
      // A clock that was set back leaves figures behind that seem to be from the future.
      entries: kept.filter(({ at }) => at > from && at <= to),
      hasMore: lastLeftOut > from && lastLeftOut <= to,
    }),
  };
}
