const lines = (all) =>
  Object.entries(all)
    .map(([name, value]) => `    ${JSON.stringify(name)}: ${JSON.stringify(value)}`)
    .join(',\n');
const list = (rows) => rows.map((row) => `    ${JSON.stringify(row)}`).join(',\n');
/** The text of a data file: a line for each source and row. */
export const written = ({ version, license, notes = [], sources, families = [], models }) => {
  const parts = [
    `  "version": ${JSON.stringify(version)}`,
    ...(license === undefined ? [] : [`  "license": ${JSON.stringify(license)}`]),
    ...(notes.length === 0 ? [] : [`  "notes": [\n${list(notes)}\n  ]`]),
    `  "sources": {\n${lines(sources)}\n  }`,
    ...(families.length === 0 ? [] : [`  "families": [\n${list(families)}\n  ]`]),
    `  "models": {\n${lines(models)}\n  }`,
  ];
  return `{\n${parts.join(',\n')}\n}\n`;
};
