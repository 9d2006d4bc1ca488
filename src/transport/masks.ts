/**
 * What `ws` masks messages with. Masks protect proxies from scripts in browsers that choose what is sent, which nobody
 * here is: any will do. With zeros `ws` sends the bytes as they are, uncopied, behind the header: two pieces, which suits
 * large messages. A small one is cheaper to send as one piece, which `ws` makes of it where there is something to mask.
 */
const ONE_PIECE_BYTES = 1_024;

export class Masks {
  #last = 0;

  /** To be called right before a message of so many bytes is sent. */
  announce(bytes: number): void {
    this.#last = bytes <= ONE_PIECE_BYTES ? 1 : 0;
  }

  /** The option `generateMask`. */
  readonly generate = (mask: Buffer): void => {
    mask.fill(0);
    mask[mask.byteLength - 1] = this.#last;
  };
}
