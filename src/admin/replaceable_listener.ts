// A listener whose inside can be replaced: whoever accepts its connections, and counts them, goes on as before.

/** What connections are accepted from. */
export type Acceptor = Pick<Deno.Listener<Deno.Conn>, "accept" | "close">;

/** A listener that can be replaced. */
export interface ReplaceableListener extends Acceptor {
  /** Closes the listener and goes on with what `open` opens; where that rejects, nothing is accepted until the next. */
  replace(open: () => Promise<Acceptor>): Promise<void>;
}

/** Accepts from `first` until it is replaced. */
export function replaceableListener(first: Acceptor): ReplaceableListener {
  let current = first;
  let replacing: Promise<void> | null = null;
  let isClosed = false;
  return {
    async accept() {
      for (;;) {
        const mine = current;
        try {
          return await mine.accept();
        } catch (error) {
          await replacing?.catch(() => {});
          if (isClosed || current === mine) throw error;
        }
      }
    },
    close() {
      isClosed = true;
      closeQuietly(current);
    },
    async replace(open) {
      const swap = async () => {
        closeQuietly(current);
        current = await open();
        if (isClosed) closeQuietly(current);
      };
      replacing = swap();
      try {
        await replacing;
      } finally {
        replacing = null;
      }
    },
  };
}

/** Where replacing it failed it is closed already. */
function closeQuietly(listener: Acceptor): void {
  try {
    listener.close();
  } catch (error) {
    if (!(error instanceof Deno.errors.BadResource)) throw error;
  }
}
