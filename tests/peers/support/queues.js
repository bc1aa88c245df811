// An empty job in a general job queue: puts jobs in, says "ready", waits for a line, does them, says "done", waits
// for a line. Arguments: which queue, how many jobs, the folder of its server's socket.
const [queue, jobs, folder] = process.argv.slice(1);
const count = Number(jobs);

// Jobs put in by one call, as their manuals advise.
const TOGETHER = 1000;
const bundles = Array.from({ length: Math.ceil(count / TOGETHER) }, (_, bundle) =>
    Array.from({ length: Math.min(TOGETHER, count - bundle * TOGETHER) }, (_, n) => ({ runner: bundle * TOGETHER + n })));

const aLine = () => new Promise(resolve => process.stdin.once('data', resolve));

const queues = {
    async 'pg-boss'() {
        const PgBoss = require('pg-boss');
        const boss = new PgBoss({ host: folder, user: 'postgres', database: 'postgres' });
        boss.on('error', error => { console.error(error); process.exit(1); });
        await boss.start();
        await boss.createQueue('check-ins');
        for (const bundle of bundles) await boss.insert(bundle.map(data => ({ name: 'check-ins', data })));
        return finished => boss.work('check-ins', { batchSize: 1000, pollingIntervalSeconds: 0.5 },
            async taken => finished(taken.length));
    },
    async bullmq() {
        const { Queue, Worker } = require('bullmq');
        const connection = { path: `${folder}/redis.sock` };
        const waiting = new Queue('check-ins', { connection });
        for (const bundle of bundles) await waiting.addBulk(bundle.map(data => ({ name: 'check-in', data })));
        return finished => new Worker('check-ins', async () => finished(1), { connection, concurrency: 50 });
    },
};

queues[queue]().then(async work => {
    console.log('ready');
    await aLine();
    let done = 0;
    // The last of them is being marked as done when its work ends.
    await new Promise(resolve => work(more => { if ((done += more) >= count) setTimeout(resolve, 300); }));
    console.log('done');
    await aLine();
    process.exit(0);
});
