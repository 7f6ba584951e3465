/** Notebook files for test repositories. */

/** A notebook of these code cells, as JSON. */
export function notebook(...cells: string[]): string {
  return notebookOf({ display_name: 'Python 3', language: 'python', name: 'python3' }, cells);
}

/** The same for R's kernel. */
export function notebookOfR(...cells: string[]): string {
  return notebookOf({ display_name: 'R', language: 'R', name: 'ir' }, cells);
}

function notebookOf(kernelspec: Record<string, string>, cells: string[]): string {
  return `${JSON.stringify({
    cells: cells.map((source, index) => ({
      cell_type: 'code',
      id: `cell-${index}`,
      execution_count: null,
      metadata: {},
      outputs: [],
      source,
    })),
    metadata: { kernelspec },
    nbformat: 4,
    nbformat_minor: 5,
  })}\n`;
}
