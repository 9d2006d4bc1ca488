/** The colours of pages, light and dark. `--series-n` are those of plots. */
export const PALETTE = `
:root {
  color-scheme: light dark;
  --page: #fafaf8; --card: #ffffff; --text: #1d1d1b; --muted: #5d5c58; --grid: #e4e3de; --border: #dcdbd5;
  --accent: #2a6fc9;
  --series-1: #7a7974; --series-2: #2a78d6; --series-3: #d9622b; --series-4: #12936b;
  --series-5: #7d51c9; --series-6: #b98900; --series-7: #cf4f8c; --series-8: #1596a8;
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #171716; --card: #1f1f1e; --text: #ecebe6; --muted: #a9a8a1; --grid: #35352f; --border: #3b3b37;
    --accent: #7db1f2;
    --series-1: #a5a49d; --series-2: #5a9ff0; --series-3: #ee8552; --series-4: #35bd8f;
    --series-5: #a784e8; --series-6: #e0b13a; --series-7: #e983b2; --series-8: #4cc3d3;
  }
}
`;
