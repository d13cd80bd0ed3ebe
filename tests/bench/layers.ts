// Configurations of any size, for measuring.

/** A configuration with that many layers, all alike but for their names. */
export function layers(count: number): string {
  const head =
    'honua {\n  version = "1.0"\n}\ndata_source "db" {\n  provider = "sqlite"\n  connection = "Data Source=a"\n}\n' +
    'service "odata" {\n  enabled = true\n}\n';
  const layer = (index: number) =>
    `layer "l${index}" {\n  title = "Layer ${index}"\n  data_source = data_source.db\n  table = "t${index}"\n` +
    '  id_field = "id"\n  geometry {\n    column = "geom"\n    type = "Point"\n  }\n  services = [service.odata]\n}\n';
  return head + Array.from({ length: count }, (_, index) => layer(index)).join("");
}
