import { PALETTE } from '../page/palette.js';

export const DASHBOARD_STYLE = `${PALETTE}
:root {
  --busy: var(--series-2); --merge: var(--series-6); --rendezvous: var(--series-3); --idle: #eceae4;
  --bad: #b3261e; --bad-text: #ffffff; --good: #12936b; --heat: 42, 111, 201;
}
@media (prefers-color-scheme: dark) {
  :root { --idle: #2b2b28; --bad: #f2b8b5; --bad-text: #601410; --good: #35bd8f; --heat: 125, 177, 242; }
}
* { box-sizing: border-box; }
[hidden] { display: none !important; }
body {
  margin: 0 auto; padding: 12px 20px 40px; max-width: 1400px; background: var(--page); color: var(--text);
  font: 15px/1.45 system-ui, -apple-system, 'Segoe UI', Roboto, sans-serif; font-variant-numeric: tabular-nums;
}
header { display: flex; flex-wrap: wrap; align-items: baseline; justify-content: space-between; gap: 0 24px; }
h1 { font-size: 22px; line-height: 1.3; margin: 4px 0; overflow-wrap: anywhere; }
h2 { font-size: 15px; line-height: 1.3; margin: 0 0 10px; }
h1 .muted, h2 .muted { font-weight: 400; font-size: 14px; }
p { margin: 6px 0; }
.muted { color: var(--muted); }
a { color: var(--accent); }
code { font: 13px ui-monospace, 'SF Mono', Menlo, Consolas, monospace; }
section { margin: 12px 0; }
.card { padding: 14px 16px; background: var(--card); border: 1px solid var(--border); border-radius: 8px; min-width: 0; }
figure { margin: 0; }
.pair { display: grid; grid-template-columns: 1fr 1fr; gap: 12px; }
.wide-left { grid-template-columns: 3fr 2fr; }
#state::before { content: ''; display: inline-block; width: 9px; height: 9px; margin-right: 8px; border-radius: 50%; background: var(--muted); }
#state.live::before { background: var(--good); }
#state.lost::before { background: var(--bad); }
#away { position: sticky; top: 0; z-index: 200; margin: 0 0 8px; padding: 10px 16px; border-radius: 8px; background: var(--bad); color: var(--bad-text); }
#away.back { background: var(--good); color: var(--card); }
.stale main { opacity: 0.55; }
.note { padding: 10px 16px; border: 1px solid var(--border); border-radius: 8px; }
.tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(140px, 1fr)); gap: 12px; }
.tile { padding: 10px 14px; background: var(--card); border: 1px solid var(--border); border-radius: 8px; }
.tile b { display: block; font-size: 23px; line-height: 1.25; font-weight: 600; }
.tile span { color: var(--muted); font-size: 13px; }
.tile.bad b { color: var(--bad); }
.plot { min-height: 224px; position: relative; }
.empty { display: grid; place-items: center; min-height: 56px; padding: 4px 0; color: var(--muted); text-align: center; }
.plot .empty { position: absolute; top: 64px; left: 50%; z-index: 1; min-height: 0; padding: 2px 12px; transform: translateX(-50%); background: var(--card); white-space: nowrap; }
.legend { display: flex; flex-wrap: wrap; gap: 4px 18px; margin: 0 0 10px; padding: 0; list-style: none; font-size: 13px; color: var(--muted); }
.legend i { display: inline-block; width: 12px; height: 12px; margin-right: 6px; border-radius: 3px; vertical-align: -1px; }
.busy { background: var(--busy); } .merge { background: var(--merge); } .rendezvous { background: var(--rendezvous); } .idle { background: var(--idle); }
.lane { display: grid; grid-template-columns: 132px 1fr 372px; gap: 2px 16px; align-items: center; padding: 7px 0; border-top: 1px solid var(--grid); }
.lane:first-child { border-top: 0; }
.lane .name { overflow: hidden; text-overflow: ellipsis; white-space: nowrap; font-weight: 600; }
.lane .doing { display: block; white-space: normal; font-weight: 400; font-size: 12.5px; color: var(--muted); }
.lane canvas { display: block; width: 100%; height: 46px; border-radius: 4px; }
.lane dl { display: grid; grid-template-columns: repeat(5, 1fr); gap: 0 10px; margin: 0; font-size: 13px; }
.lane dt { color: var(--muted); font-size: 12px; }
.lane dd { margin: 0; white-space: nowrap; }
.lane .waits { grid-column: 2 / -1; margin: 0; font-size: 12.5px; color: var(--muted); }
#second { min-height: 1.45em; margin-bottom: 0; font-size: 13px; }
#heat { display: block; width: 100%; height: 208px; border-radius: 4px; }
.scale { display: flex; gap: 8px; align-items: center; margin-top: 8px; font-size: 12.5px; color: var(--muted); }
.scale i { flex: 1; max-width: 180px; height: 9px; border-radius: 3px; background: linear-gradient(90deg, var(--idle), rgb(var(--heat))); }
#slot { min-height: 2.9em; margin-bottom: 0; font-size: 13px; }
.table { overflow-x: auto; margin-bottom: 8px; }
.card > div > p.muted { font-size: 13px; }
table { border-collapse: collapse; width: 100%; font-size: 13.5px; }
th, td { padding: 5px 12px 5px 0; text-align: right; white-space: nowrap; border-top: 1px solid var(--grid); }
th:last-child, td:last-child { padding-right: 0; }
thead th { border-top: 0; color: var(--muted); font-weight: 500; font-size: 12.5px; }
th:first-child, td:first-child, .left { text-align: left !important; }
td.wrap { white-space: normal; min-width: 12em; }
.bar { display: inline-block; width: 64px; height: 8px; margin-left: 8px; border-radius: 3px; background: var(--idle); overflow: hidden; vertical-align: 1px; }
.bar i { display: block; height: 100%; background: var(--busy); }
.badge { display: inline-block; min-width: 84px; padding: 0 8px; border-radius: 9px; border: 1px solid var(--border); font-size: 12px; text-align: center; color: var(--muted); }
.badge.problem, .badge.away { color: var(--bad); border-color: var(--bad); }
.badge.slow { color: var(--rendezvous); border-color: var(--rendezvous); }
.badge.leader { color: var(--accent); border-color: var(--accent); }
.badge.checkpoint, .badge.up { color: var(--good); border-color: var(--good); }
.events { max-height: 320px; overflow-y: auto; margin: 0; padding: 0; list-style: none; font-size: 13.5px; }
.events li { display: grid; grid-template-columns: 86px 96px 1fr; gap: 0 10px; padding: 5px 0; border-top: 1px solid var(--grid); }
.events li:first-child { border-top: 0; }
.events time { color: var(--muted); }
.events span:last-child { overflow-wrap: anywhere; }
.uplot, .u-legend { color: var(--text); font-family: inherit; }
.u-legend { font-size: 12.5px; text-align: left; }
.u-legend th { font-weight: 500; border: 0; } .u-legend td { border: 0; padding: 4px; text-align: left; }
.u-legend.u-inline tr { margin-right: 10px; }
.u-legend.u-inline .u-value { min-width: 7ch; }
@media (max-width: 900px) {
  .pair, .wide-left { grid-template-columns: minmax(0, 1fr); }
  .lane { grid-template-columns: minmax(0, 1fr); }
  .lane .waits { grid-column: 1; }
  .lane .name { display: flex; justify-content: space-between; gap: 12px; }
}
@media (max-width: 600px) {
  body { padding: 8px 10px 32px; }
  .tiles { grid-template-columns: 1fr 1fr; gap: 8px; }
  .tile { padding: 8px 12px; } .tile b { font-size: 20px; }
  .card { padding: 12px; }
  .lane dl { gap: 0 6px; }
  #heat { height: 300px; }
  .bar { display: none; }
  th, td { padding-right: 8px; }
  .events li { grid-template-columns: auto 1fr; }
  .events span:last-child { grid-column: 1 / -1; }
  .events .badge { justify-self: start; }
}
`;
