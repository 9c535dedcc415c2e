// Interop layer. Vertices in PostgreSQL's pages, through the host's functions. One object an index; who calls an export says which use of the
// index the calls are of.

using Epiphany.Vector.Graph;

namespace Epiphany.Interop;

internal sealed unsafe class GraphHost : VertexStore
{
    private const uint None = uint.MaxValue;

    private void* _host;
    private uint _expected = None;

    internal GraphHost By(void* host)
    {
        _host = host;
        return this;
    }

    public override int Links(uint vertex, uint* links)
    {
        int count;
        Host.Check(Host.Api->GraphLinks(_host, vertex, links, &count));
        return count;
    }

    public override void Expect(uint vertex) => _expected = vertex;

    public override void Payloads(uint* vertices, int count, byte** payloads, byte* states)
    {
        uint expected = _expected;
        _expected = None;
        Host.Check(Host.Api->GraphPayloads(_host, vertices, count, expected, payloads, states));
    }

    public override void Poll() => Host.Poll();

    public override bool AddRow(uint vertex, byte* record, byte* tid)
    {
        int done;
        Host.Check(Host.Api->GraphAddRow(_host, vertex, record, tid, &done));
        return done != 0;
    }

    public override uint AddVertex(byte* record)
    {
        uint vertex;
        Host.Check(Host.Api->GraphAddVertex(_host, record, &vertex));
        return vertex;
    }

    public override bool SetLinks(uint vertex, uint* old, int oldCount, uint* links, int count)
    {
        int done;
        Host.Check(Host.Api->GraphSetLinks(_host, vertex, old, oldCount, links, count, &done));
        return done != 0;
    }

    public override void AddEntry(uint vertex) => Host.Check(Host.Api->GraphAddEntry(_host, vertex));
}

internal sealed unsafe class GraphMemory(void* context) : IGraphMemory
{
    private readonly HostMemory _memory = new(context);

    public byte* Allocate(nuint bytes) => _memory.Allocate(bytes);

    public void Free(byte* block) => _memory.Free(block);
}

/// <summary>An index behind a handle.</summary>
internal sealed unsafe class GraphHandle(GraphIndex index)
{
    internal GraphIndex Index { get; } = index;

    internal GraphHost Host { get; } = new();
}

/// <summary>A search behind a handle; without a worker when it is released.</summary>
internal sealed class GraphSearchHandle
{
    private GraphIndex? _index;

    internal GraphWorker? Worker { get; private set; }

    /// <summary>A worker of the index, which may have been read anew since the last search.</summary>
    internal GraphWorker For(GraphIndex index)
    {
        if (_index != index)
        {
            Release();
            _index = index;
        }

        return Worker ??= index.Rent();
    }

    internal void Release()
    {
        if (Worker != null)
        {
            _index!.Return(Worker);
            Worker = null;
        }
    }
}
