// A valid, flat source whose parsing costs quadratic time and memory.
import { sampleSource } from "./sample_source.ts";

/** The sample with a list of that many bytes: with 256 KiB hcl2json needs seconds, with 3 MiB gigabytes. */
export function greedySource(bytes: number): string {
  const list = "1,".repeat(bytes / 2);
  return sampleSource("greedy").replace("max_page_size = 500", `max_page_size = 500\n  sizes = [${list}]`);
}
