import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { chromium } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { reportHtml } from '../../src/report/html.js';
import { fixture, fixtureStory } from './fixture.js';
const executablePath = '/usr/bin/chromium';
const present = existsSync(executablePath);
if (!present)
    console.warn(`skipped: the report page in a browser needs ${executablePath} (npm run setup:tools)`);
const evil = '<script>document.title = "broken"</script>';
const report = { ...fixture, story: { ...fixture.story, text: fixtureStory + evil } };
describe.skipIf(!present)('the report page in Chromium', () => {
    const folder = mkdtempSync(join(tmpdir(), 'bitloom-page-'));
    const file = join(folder, 'report.html');
    let browser;
    beforeAll(async () => {
        writeFileSync(file, reportHtml(report));
        const args = '--no-sandbox --disable-gpu --no-first-run --disable-background-networking --disable-component-update --disable-sync';
        browser = await chromium.launch({ executablePath, args: args.split(' ') });
    });
    afterAll(async () => {
        await browser.close();
        rmSync(folder, { recursive: true, force: true });
    });
    /** Opens the page and keeps every complaint and every request but the one for the page. */
    const open = async (options) => {
        const page = await browser.newPage(options);
        const complaints = [];
        const requests = [];
        page.on('console', (message) => complaints.push(message.text()));
        page.on('pageerror', (error) => complaints.push(error.message));
        page.on('request', (request) => requests.push(request.url()));
        await page.goto(pathToFileURL(file).href);
        return { page, complaints, requests: () => requests.filter((url) => !url.startsWith('file:') && url !== 'data:,') };
    };
    /** Number of different colours in each canvas; a blank one has one. */
    const coloursOf = (page) => page.evaluate(`Object.fromEntries([...document.querySelectorAll('canvas')].map((canvas) => {
      const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height)
      return [canvas.id, new Set(new Uint32Array(data.buffer)).size]
    }))`);
    it.each([
        [1280, 'light'],
        [1280, 'dark'],
        [390, 'light'],
        [390, 'dark'],
    ])('draws every chart at %d px, %s, with no complaint, no request and no sideways scrolling', async (width, colorScheme) => {
        const { page, complaints, requests } = await open({ viewport: { width, height: 900 }, colorScheme });
        const colours = await coloursOf(page);
        expect(Object.keys(colours)).toHaveLength(8);
        for (const count of Object.values(colours))
            expect(count).toBeGreaterThan(8);
        expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(width);
        expect(complaints).toEqual([]);
        expect(requests()).toEqual([]);
        await page.close();
    });
    it('shows a script in the story as text and does not run it', async () => {
        const { page } = await open({});
        expect(await page.locator('.story blockquote').textContent()).toBe(fixtureStory + evil);
        expect(await page.title()).toBe(fixture.title);
        await page.close();
    });
    it('colours the prompt, and only the prompt', async () => {
        const { page } = await open({});
        expect(await page.locator('.story blockquote .prompt').textContent()).toBe(fixture.story.prompt);
        const colour = (selector) => page
            .locator(selector)
            .evaluate((element) => `${globalThis.getComputedStyle(element).color}`);
        expect(await colour('.story blockquote .prompt')).not.toBe(await colour('.story blockquote'));
        await page.close();
    });
    it('draws anew when the colours change from light to dark', async () => {
        const { page, complaints } = await open({ colorScheme: 'light' });
        const picture = () => page.evaluate("document.querySelector('#chart-cells').toDataURL()");
        const light = await picture();
        await page.emulateMedia({ colorScheme: 'dark' });
        await expect.poll(picture).not.toBe(light);
        expect(complaints).toEqual([]);
        await page.close();
    });
    it('saves the figures as the JSON they were made from', async () => {
        const { page } = await open({});
        const [download] = await Promise.all([page.waitForEvent('download'), page.locator('#save').click()]);
        expect(download.suggestedFilename()).toBe('report.json');
        expect(JSON.parse(readFileSync(await download.path(), 'utf8'))).toEqual(report);
        await page.close();
    });
    it('opens the numbers of a chart from the keyboard', async () => {
        const { page } = await open({});
        const summary = page.locator('figure:has(#chart-recipes) summary');
        await summary.focus();
        await page.keyboard.press('Enter');
        await expect.poll(() => page.locator('figure:has(#chart-recipes) table').isVisible()).toBe(true);
        await page.close();
    });
    it('reads without scripts: no empty charts, the story and the tables are there', async () => {
        const { page } = await open({ javaScriptEnabled: false });
        expect(await page.locator('noscript').count()).toBe(1);
        expect(await page.locator('.plot').first().isVisible()).toBe(false);
        expect(await page.locator('#save').isVisible()).toBe(false);
        expect(await page.locator('.story blockquote').isVisible()).toBe(true);
        await page.close();
    });
});
