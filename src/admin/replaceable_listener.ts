// A listener whose inner listener can be replaced, while the code that accepts and counts its connections goes on.

/** The part of a listener that accepts connections. */
export type Acceptor = Pick<Deno.Listener<Deno.Conn>, "accept" | "close">;

export interface ReplaceableListener extends Acceptor {
  /**
   * Closes the inner listener and goes on with the result of `open`; if that rejects, nothing is accepted until the
   * next call.
   */
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

/** It is closed already if a replacement failed. */
function closeQuietly(listener: Acceptor): void {
  try {
    listener.close();
  } catch (error) {
    if (!(error instanceof Deno.errors.BadResource)) throw error;
  }
}
