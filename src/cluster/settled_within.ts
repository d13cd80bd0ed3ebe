// A wait that ends: for what is nice to have and nobody can make.

/** Waits for work, which may fail, but no longer than that; no timer is left when it returns. */
export async function settledWithin(work: Promise<unknown>, milliseconds: number): Promise<void> {
  const { promise: over, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, milliseconds);
  await Promise.race([work.catch(() => {}), over]);
  clearTimeout(timer);
}
