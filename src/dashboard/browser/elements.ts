/// <reference lib="dom" />
/** Elements of the page. Whatever comes from the server goes in as text, never as HTML. */

export function byId(id: string): HTMLElement {
  const element = document.getElementById(id);
  if (element === null) throw new Error(`the page has no #${id}`);
  return element;
}

export function make(tag: string, className: string, ...content: (Node | string)[]): HTMLElement {
  const element = document.createElement(tag);
  if (className !== '') element.className = className;
  element.append(...content);
  return element;
}

export function empty(text: string): HTMLElement {
  return make('p', 'empty', text);
}

export type Cell = string | Node | { readonly left: string | Node };

/** A table may be wider than a telephone: it scrolls by itself, not the page, also by keyboard. */
export function table(head: readonly Cell[], rows: readonly (readonly Cell[])[]): HTMLElement {
  const line = (tag: string, cells: readonly Cell[]): HTMLElement =>
    make('tr', '', ...cells.map((cell) => cellOf(tag, cell)));
  const box = make(
    'div',
    'table',
    make('table', '', make('thead', '', line('th', head)), make('tbody', '', ...rows.map((row) => line('td', row)))),
  );
  box.tabIndex = 0;
  return box;
}

function cellOf(tag: string, cell: Cell): HTMLElement {
  if (typeof cell === 'string' || cell instanceof Node) return make(tag, '', cell);
  return make(tag, 'left', cell.left);
}

export function colour(name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

/** A canvas as sharp as the screen; its size as the page has laid it out. */
export function sizedCanvas(canvas: HTMLCanvasElement): {
  readonly context: CanvasRenderingContext2D | null;
  readonly width: number;
  readonly height: number;
} {
  const { clientWidth: width, clientHeight: height } = canvas;
  const [pixelWidth, pixelHeight] = [Math.round(width * devicePixelRatio), Math.round(height * devicePixelRatio)];
  if (canvas.width !== pixelWidth) canvas.width = pixelWidth;
  if (canvas.height !== pixelHeight) canvas.height = pixelHeight;
  const context = canvas.getContext('2d');
  context?.setTransform(devicePixelRatio, 0, 0, devicePixelRatio, 0, 0);
  context?.clearRect(0, 0, width, height);
  return { context, width, height };
}
