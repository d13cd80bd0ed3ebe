// A source that costs its parser out of all proportion: valid, flat, and of quadratic price.
import { sampleSource } from "./sample_source.ts";

/** The sample with a list of so many bytes in it: of 256 KiB it takes hcl2json seconds, of 3 MiB gigabytes. */
export function greedySource(bytes: number): string {
  const list = "1,".repeat(bytes / 2);
  return sampleSource("greedy").replace("max_page_size = 500", `max_page_size = 500\n  sizes = [${list}]`);
}
