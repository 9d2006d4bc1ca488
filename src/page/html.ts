/** Text as it stands in an element or an attribute. */
export function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
}

/** For a script element, whose end is found before its content is read. */
export function jsonForScript(value: unknown): string {
  return JSON.stringify(value).replaceAll('<', '\\u003c');
}

/** A script for a script element: sources that hold the end tag, in a string, say it in another way. */
export function codeForScript(code: string): string {
  return code.replaceAll(/<(?=\/script|!--)/gi, '\\x3c').replaceAll(/^\/\/# sourceMappingURL=.*$/gm, '');
}
