// Tests of Vector, graph. What searches and changes need around them: vectors, memory, and vertices in a store that stands for PostgreSQL's pages.

using System;
using System.Collections.Generic;
using System.Linq;
using System.Runtime.InteropServices;
using Epiphany.Vector.Graph;
using Xunit;

namespace Epiphany.Vector.Tests;

internal static unsafe class GraphModel
{
    internal static HashSet<uint> Reach(VertexSource source, Entries entries, uint end)
    {
        var reached = new HashSet<uint>();
        var open = new Stack<uint>(Enumerable.Range(0, entries.Count).Select(i => entries[i]));
        uint* links = stackalloc uint[256];
        while (open.TryPop(out uint vertex))
        {
            if (vertex < end && reached.Add(vertex))
            {
                int count = source.Links(vertex, links);
                for (int i = 0; i < count; i++)
                {
                    open.Push(links[i] & GraphLayout.Number);
                }
            }
        }

        return reached;
    }

    internal sealed class Memory : IGraphMemory
    {
        public byte* Allocate(nuint bytes) => (byte*)NativeMemory.AllocZeroed(bytes);

        public void Free(byte* block) => NativeMemory.Free(block);
    }

    /// <summary>Clustered vectors, the same each time.</summary>
    internal sealed class Samples : IDisposable
    {
        private readonly float* _values;
        private readonly int _dimensions;

        internal Samples(int count, int dimensions)
        {
            (Count, _dimensions) = (count, dimensions);
            _values = (float*)NativeMemory.Alloc((nuint)(count * dimensions), sizeof(float));
            var random = new Random(11);
            float[] centres = Enumerable.Range(0, 30 * dimensions).Select(_ => (float)random.NextDouble() * 4).ToArray();
            for (int i = 0; i < count * dimensions; i++)
            {
                _values[i] = centres[((i / dimensions % 30) * dimensions) + (i % dimensions)] + (float)random.NextDouble();
            }
        }

        internal int Count { get; }

        internal float* this[int i] => _values + (i * _dimensions);

        internal GraphValue Value(int i) => new((byte*)this[i], null, _dimensions);

        internal int[] Nearest(GraphMetric metric, int query, IEnumerable<int> among) =>
            among.OrderBy(i => Distance(metric, query, i)).Take(10).ToArray();

        public void Dispose() => NativeMemory.Free(_values);

        private double Distance(GraphMetric metric, int a, int b)
        {
            double distance = Vectors.Distance((Metric)metric, ElementKind.Float32, (byte*)this[a], (byte*)this[b], _dimensions);
            return metric is GraphMetric.InnerProduct or GraphMetric.Cosine ? -distance : distance;
        }
    }

    /// <summary>What PostgreSQL's pages are, in memory.</summary>
    internal sealed class Store : VertexStore
    {
        private readonly GraphOptions _options;
        private readonly GraphLayout _layout;
        private readonly GraphIndex _index;
        private readonly List<nint> _records = [];
        private readonly Stack<uint> _free = [];
        private int _changes;

        internal Store(GraphOptions options)
        {
            _options = options;
            _layout = options.Layout();
            _index = new GraphIndex(options, [], new Memory());
        }

        /// <summary>Each third change is refused, as if somebody had been quicker.</summary>
        internal bool Disturbed { get; init; }

        internal int Live => _records.Count(r => _layout.State((byte*)r) == VertexState.Live);

        internal void Insert(Samples vectors, int from, int to, Func<int, bool>? which = null)
        {
            for (int i = from; i < to; i++)
            {
                if (which == null || which(i))
                {
                    ulong tid = (ulong)i;
                    var worker = _index.Rent();
                    new GraphWriter(_index, worker, this).Insert(vectors.Value(i), (byte*)&tid, _records.Count);
                    _index.Return(worker);
                }
            }
        }

        internal void Delete(Func<int, bool> which)
        {
            var going = (ulong*)NativeMemory.AllocZeroed((nuint)((_records.Count / 64) + 1), sizeof(ulong));
            var worker = _index.Rent();
            uint end = (uint)_records.Count;
            for (uint i = 0; i < end; i++)
            {
                byte* record = (byte*)_records[(int)i];
                if (_layout.State(record) == VertexState.Live && which(*(int*)_layout.Row(record, 0)))
                {
                    _layout.SetState(record, VertexState.Dying);
                    going[i / 64] |= 1ul << (int)(i % 64);
                }
            }

            uint* links = stackalloc uint[256];
            for (uint i = 0; i < end; i++)
            {
                byte* record = (byte*)_records[(int)i];
                int count = Links(i, links);
                if (_layout.State(record) == VertexState.Live)
                {
                    new GraphWriter(_index, worker, this).Repair(i, links, ref count, going, end);
                    Assert.InRange(count, 0, _layout.MaxLinks);
                    new ReadOnlySpan<uint>(links, count).CopyTo(new Span<uint>(GraphLayout.Links(record), _layout.MaxLinks));
                    _layout.LinkCount(record) = (ushort)count;
                }
            }

            Reachability.Ensure(this, new Memory(), 0, end, _index.Entries, going, AddEntry);
            uint[] entries = Enumerable.Range(0, _index.Entries.Count).Select(i => _index.Entries[i]).ToArray();
            uint[] kept = Array.FindAll(entries, v => (going[v / 64] >> (int)(v % 64) & 1) == 0);
            _index.SetEntries(this, kept);
            for (uint i = 0; i < end; i++)
            {
                if (_layout.State((byte*)_records[(int)i]) == VertexState.Dying)
                {
                    new Span<byte>((byte*)_records[(int)i], _layout.RecordBytes).Clear();
                    _free.Push(i);
                }
            }

            _index.Return(worker);
            NativeMemory.Free(going);
        }

        internal int Reached() =>
            Reach(this, _index.Entries, (uint)_records.Count).Count(v => _layout.State((byte*)_records[(int)v]) == VertexState.Live);

        internal int Search(GraphValue query, int ef)
        {
            var worker = _index.Rent();
            worker.Space.Load(query);
            int count = worker.Searcher.Search(this, _index.Entries, ef, true);
            var candidates = new Candidate[ef];
            fixed (Candidate* to = candidates)
            {
                Assert.Equal(count, worker.Searcher.Candidates(this, 1, to, out _));
            }

            _index.Return(worker);
            return count;
        }

        /// <summary>Every link.</summary>
        internal void Cut() => _records.ForEach(r => _layout.LinkCount((byte*)r) = 0);

        /// <summary>How many vertices a search finds that goes on to the end.</summary>
        internal int All(GraphValue query)
        {
            var worker = _index.Rent();
            worker.Space.Load(query);
            int all = 0;
            for (int count = worker.Searcher.Search(this, _index.Entries, 40, true); count > 0;)
            {
                all += count;
                count = worker.Searcher.More(this, _index.Entries, 40, (uint)_records.Count);
            }

            _index.Return(worker);
            return all;
        }

        internal double Recall(Samples vectors, int count)
        {
            var rows = _records.Where(r => _layout.State((byte*)r) == VertexState.Live).Select(r => *(int*)_layout.Row((byte*)r, 0)).ToArray();
            var worker = _index.Rent();
            int hits = 0;
            for (int q = count; q < vectors.Count; q++)
            {
                worker.Space.Load(vectors.Value(q));
                int found = worker.Searcher.Search(this, _index.Entries, 60, false);
                var nearest = vectors.Nearest(_options.Metric, q, rows).ToHashSet();
                for (int i = 0; i < found; i++)
                {
                    hits += nearest.Contains(*(int*)_layout.Row((byte*)_records[(int)worker.Searcher.Result(i).Vertex], 0)) ? 1 : 0;
                }
            }

            _index.Return(worker);
            return hits / 10.0 / (vectors.Count - count);
        }

        /// <summary>Any bytes in some record, but for what the shim checks: the number of links, and that they are within the index.</summary>
        internal void Damage(Random random)
        {
            byte* record = (byte*)_records[random.Next(_records.Count)];
            random.NextBytes(new Span<byte>(record, _layout.RecordBytes));
            _layout.LinkCount(record) = (ushort)random.Next(_layout.MaxLinks + 1);
            for (int i = 0; i < _layout.MaxLinks; i++)
            {
                GraphLayout.Links(record)[i] = (uint)random.Next(_records.Count) | (GraphLayout.Links(record)[i] & GraphLayout.Dominated);
            }
        }

        public override int Links(uint vertex, uint* links)
        {
            byte* record = (byte*)_records[(int)vertex];
            int count = _layout.LinkCount(record);
            new ReadOnlySpan<uint>(GraphLayout.Links(record), count).CopyTo(new Span<uint>(links, _layout.MaxLinks));
            return count;
        }

        public override void Payloads(uint* vertices, int count, byte** payloads, byte* states)
        {
            for (int i = 0; i < count; i++)
            {
                byte* record = (byte*)_records[(int)vertices[i]];
                payloads[i] = _layout.Payload(record);
                states[i] = (byte)_layout.State(record);
            }
        }

        public override void Poll()
        {
        }

        public override bool AddRow(uint vertex, byte* record, byte* tid) => _layout.AddRow((byte*)_records[(int)vertex], tid);

        public override uint AddVertex(byte* record)
        {
            if (!_free.TryPop(out uint vertex))
            {
                vertex = (uint)_records.Count;
                _records.Add((nint)NativeMemory.Alloc((nuint)_layout.RecordBytes));
            }

            new ReadOnlySpan<byte>(record, _layout.RecordBytes).CopyTo(new Span<byte>((byte*)_records[(int)vertex], _layout.RecordBytes));
            return vertex;
        }

        public override bool SetLinks(uint vertex, uint* old, int oldCount, uint* links, int count)
        {
            byte* record = (byte*)_records[(int)vertex];
            var there = new ReadOnlySpan<uint>(GraphLayout.Links(record), _layout.LinkCount(record));
            Assert.True(there.SequenceEqual(new ReadOnlySpan<uint>(old, oldCount)));
            Assert.InRange(count, 0, _layout.MaxLinks);
            if (Disturbed && ++_changes % 3 == 0)
            {
                return false;
            }

            new ReadOnlySpan<uint>(links, count).CopyTo(new Span<uint>(GraphLayout.Links(record), _layout.MaxLinks));
            _layout.LinkCount(record) = (ushort)count;
            return true;
        }

        public override void AddEntry(uint vertex)
        {
            byte* payload;
            byte state;
            Payloads(&vertex, 1, &payload, &state);
            _index.Entries.Add(vertex, payload);
        }
    }
}
