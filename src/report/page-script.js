/**
 * The script of the report page. Its text is put into the page, so it may use nothing from outside itself but `page`,
 * the browser's `window`: it draws the charts in the colours of the style sheet and again when these change.
 */
export const pageScript = (page) => {
    const read = (id) => page.document.getElementById(id)?.textContent ?? 'null';
    const charts = JSON.parse(read('charts'));
    const draw = (chart, canvas) => {
        const style = page.getComputedStyle(page.document.documentElement);
        const colour = (name) => style.getPropertyValue(`--${name}`).trim();
        const font = { family: colour('sans'), size: 12 };
        const barsPerLabel = chart.stacked ? 1 : chart.series.length;
        if (canvas.parentElement)
            canvas.parentElement.style.height = `${84 + chart.labels.length * (12 + barsPerLabel * 18)}px`;
        /** Value at the end of every bar or stack, whisker of every band; hidden series take their marks along. */
        const marks = {
            id: 'marks',
            afterDatasetsDraw: (drawn) => {
                const { ctx, scales } = drawn;
                const shown = chart.series.map((_, index) => index).filter((index) => drawn.isDatasetVisible(index));
                const complete = shown.length === chart.series.length;
                ctx.save();
                ctx.font = `${font.size}px ${font.family}`;
                ctx.textBaseline = 'middle';
                ctx.fillStyle = colour('ink');
                for (const index of chart.labels.keys()) {
                    const band = complete ? chart.bands?.[index] : undefined;
                    const ends = [];
                    for (const number of shown) {
                        const bar = drawn.getDatasetMeta(number).data[index];
                        if (bar && chart.series[number]?.values[index] !== null)
                            ends.push({ text: chart.series[number]?.texts[index] ?? '', x: bar.x, y: bar.y });
                    }
                    const last = ends.at(-1);
                    if (!last)
                        continue;
                    if (band) {
                        const [low, high] = [scales.x.getPixelForValue(band[0]), scales.x.getPixelForValue(band[1])];
                        ctx.beginPath();
                        ctx.moveTo(low, last.y);
                        ctx.lineTo(high, last.y);
                        for (const x of [low, high]) {
                            ctx.moveTo(x, last.y - 5);
                            ctx.lineTo(x, last.y + 5);
                        }
                        // A halo in the colour of the card keeps the whisker visible on the bar.
                        ctx.strokeStyle = colour('card');
                        ctx.lineWidth = 4.5;
                        ctx.stroke();
                        ctx.strokeStyle = colour('ink');
                        ctx.lineWidth = 1.5;
                        ctx.stroke();
                        last.x = Math.max(last.x, high);
                    }
                    if (!chart.stacked)
                        for (const { text, x, y } of ends)
                            ctx.fillText(text, x + 6, y);
                    else if (complete)
                        ctx.fillText(chart.totals?.[index] ?? '', last.x + 6, last.y);
                }
                ctx.restore();
            },
        };
        const highest = Math.max(0, ...(chart.bands ?? []).map((band) => band?.[1] ?? 0));
        return new page.Chart(canvas, {
            type: 'bar',
            data: {
                labels: chart.labels,
                datasets: chart.series.map((series, index) => ({
                    label: series.name,
                    data: series.values,
                    backgroundColor: colour(`series-${(index % 4) + 1}`),
                    maxBarThickness: 22,
                })),
            },
            options: {
                indexAxis: 'y',
                locale: 'en',
                animation: false,
                maintainAspectRatio: false,
                color: colour('ink'),
                font,
                layout: { padding: { right: 68 } },
                scales: {
                    x: {
                        stacked: chart.stacked,
                        beginAtZero: true,
                        ...(chart.maximum === undefined ? {} : { max: chart.maximum }),
                        suggestedMax: highest,
                        title: { display: true, text: chart.axis, color: colour('muted'), font },
                        ticks: { color: colour('muted'), font, maxTicksLimit: 6, maxRotation: 0 },
                        grid: { color: colour('line') },
                        border: { color: colour('line') },
                    },
                    y: {
                        stacked: chart.stacked,
                        ticks: { color: colour('ink'), font, autoSkip: false },
                        grid: { display: false },
                        border: { color: colour('line') },
                    },
                },
                plugins: {
                    legend: {
                        display: chart.series.length > 1,
                        align: 'start',
                        labels: { color: colour('ink'), font, boxWidth: 12, boxHeight: 12 },
                    },
                    tooltip: {
                        callbacks: {
                            label: (item) => {
                                const series = chart.series[item.datasetIndex];
                                return `${series?.name}: ${series?.texts[item.dataIndex]}`;
                            },
                        },
                    },
                },
            },
            plugins: [marks],
        });
    };
    let drawn = [];
    const drawAll = () => {
        for (const chart of drawn)
            chart.destroy();
        drawn = charts.flatMap((chart) => {
            const canvas = page.document.getElementById(`chart-${chart.id}`);
            return canvas ? [draw(chart, canvas)] : [];
        });
    };
    drawAll();
    page.matchMedia('screen and (prefers-color-scheme: dark)').addEventListener('change', drawAll);
    const save = page.document.getElementById('save');
    if (!save)
        return;
    save.hidden = false;
    save.addEventListener('click', () => {
        const link = page.document.createElement('a');
        link.href = page.URL.createObjectURL(new page.Blob([read('report')], { type: 'application/json' }));
        link.download = 'report.json';
        link.click();
    });
};
