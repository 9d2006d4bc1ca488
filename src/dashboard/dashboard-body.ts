/** What the page holds before the first figures come. */
export const DASHBOARD_BODY = `<div id="away" role="alert" hidden></div>
<header>
<h1><span id="service">psmr</span> <span id="who" class="muted"></span></h1>
<p id="state" class="muted" role="status">asking the server</p>
</header>
<main>
<section id="tiles" class="tiles" aria-label="Now"></section>
<p id="unrecorded" class="note" hidden>This server was started with <code>recording: false</code>: it keeps counters, and neither latencies nor what its streams wait for.</p>
<section class="pair">
<figure class="card"><h2>Throughput</h2><div id="throughput" class="plot" role="img" aria-label="Commands per second over the last five minutes"></div></figure>
<figure class="card"><h2>Latency <span class="muted">frame in to reply out</span></h2><div id="latency" class="plot" role="img" aria-label="Latency percentiles over the last five minutes"></div></figure>
</section>
<section class="card">
<h2>Streams <span class="muted">the last minute, second by second</span></h2>
<ul class="legend">
<li><i class="busy"></i>busy</li><li><i class="merge"></i>waiting for a merge</li><li><i class="rendezvous"></i>waiting at a rendezvous</li><li><i class="idle"></i>idle</li>
</ul>
<div id="lanes"></div>
<p id="second" class="muted" aria-live="off">Point at a second to see its figures.</p>
</section>
<section class="pair wide-left">
<div class="card">
<h2>Slots <span class="muted">accesses, lately</span></h2>
<canvas id="heat" role="img" aria-label="Heat map of the 1,024 slots"></canvas>
<div class="scale"><span>none</span><i></i><span id="hottest">most</span></div>
<p id="slot" class="muted"></p>
</div>
<div class="card">
<h2>Commands</h2>
<div id="commands"></div>
</div>
</section>
<section class="card">
<h2>Replicas</h2>
<div id="cluster"></div>
</section>
<section class="card">
<h2>Events <span class="muted">newest first</span></h2>
<div id="events"></div>
</section>
</main>
<noscript>The dashboard needs JavaScript. The same figures are at /stats and /metrics.</noscript>`;
