// The file that `honua-configd init` writes.
import { dirname } from "node:path";
import { formatOf } from "../compile.ts";
import { EXIT, type ExitCode } from "./exit_codes.ts";
import { posixQuoted } from "./shell_quote.ts";
import type { Terminal } from "./terminal.ts";

/** A valid Configuration V2 file, without a warning, that runs on a laptop. */
const STARTER =
  `# Honua Server, Configuration V2. Edit it, save it, and honua-configd writes a new snapshot if it is valid.

honua {
  version     = "1.0"
  environment = "development" # "production" is checked more strictly
  log_level   = "information" # trace, debug, information, warning, error, critical

  cors {
    allow_any_origin = false
    allowed_origins  = ["http://localhost:3000"]
  }
}

# Where the data is. A secret belongs in the environment: connection = env("DATABASE_URL")
data_source "local" {
  provider     = "sqlite" # sqlite, postgresql, sqlserver, mysql, oracle
  connection   = "Data Source=./data/honua.db"
  health_check = "SELECT 1"

  pool {
    min_size = 1
    max_size = 10
    timeout  = 30 # seconds
  }
}

# The protocols that are served. Other settings of a service are passed on as they are written.
service "ogc_api" {
  enabled    = true
  item_limit = 1000
}

service "odata" {
  enabled       = true
  allow_writes  = false
  max_page_size = 500
}

# The data that is served: a table, its geometry, and the services that show it.
layer "roads" {
  title             = "Roads"
  data_source       = data_source.local
  table             = "roads"
  id_field          = "id"
  display_field     = "name"
  introspect_fields = true

  geometry {
    column = "geom"
    type   = "LineString"
    srid   = 4326
  }

  services = [service.ogc_api, service.odata]
}

cache "memory" {
  type    = "memory" # or redis, with a connection
  enabled = true
}

rate_limit {
  enabled = true
  store   = "memory"

  rules {
    default = { requests = 1000, window = "1m" }
  }
}
`;

// `honua-configd init`: a starter file that is valid without edits, with a comment for every choice. An existing file
// never changes.

/** Writes the starter file. An existing file stays; `ifMissing` makes that a success. */
export async function init(file: string, ifMissing: boolean, terminal: Terminal): Promise<ExitCode> {
  if (file === "-") {
    terminal.out(STARTER);
    return EXIT.done;
  }
  if (formatOf(file) === "json") {
    terminal.error(`The starter is HCL, and ${file} would be read as JSON: name a file that ends in .hcl\n`);
    return EXIT.usage;
  }
  try {
    await Deno.mkdir(dirname(file), { recursive: true });
    await Deno.writeTextFile(file, STARTER, { createNew: true });
  } catch (error) {
    if (error instanceof Deno.errors.AlreadyExists) {
      if (ifMissing) return EXIT.done;
      terminal.error(`${file} exists already and was left as it is\n`);
      return EXIT.unavailable;
    }
    terminal.error(`Cannot write ${file}: ${error instanceof Error ? error.message : String(error)}\n`);
    return EXIT.unavailable;
  }
  // The program of a checkout has no name on the PATH.
  const program = Deno.build.standalone ? "honua-configd" : "scripts/deno run -A main.ts";
  terminal.error(`Wrote ${file}; check it after an edit with: ${program} validate ${posixQuoted(file)}\n`);
  return EXIT.done;
}
