// Storage layer, writer. What the chunk writer needs of an encoder: a plan, the bytes shared by all vectors, each vector's bytes.

using Epiphany.Encoding;

namespace Epiphany.Storage;

/// <summary>Encodes one column after another; its scratch memory serves them all.</summary>
abstract unsafe class ChunkEncoder
{
    internal EncodingKind Encoding { get; private protected set; }

    /// <summary>Chooses the encoding, fills zone maps, sums and counts, and says about how many bytes will come.</summary>
    internal abstract ulong Plan(ColumnBuffer column, ColumnEntry* entry, VectorEntry* vectors);

    /// <summary>About how many bytes the vectors take, by the first that has any; <paramref name="trial"/> is empty.</summary>
    private protected ulong Estimate(VectorEntry* vectors, int rows, ByteSink trial)
    {
        int vector = 0;
        while (vectors[vector].Nulls == GroupFormat.RowsOf(rows, vector))
        {
            vector++;
        }

        WriteVector(vector, trial);
        ulong bytes = trial.Length * (ulong)GroupFormat.Vectors(rows);
        trial.Clear();
        return bytes;
    }

    /// <summary>Appends what all vectors share, if anything.</summary>
    internal abstract void WriteShared(ByteSink block);

    /// <summary>Appends a vector that has a row which is not null; its null bitmap, if any, is there already.</summary>
    internal abstract void WriteVector(int vector, ByteSink block);

    /// <summary>Appends what is read by the row and lies behind all blocks, if anything.</summary>
    internal virtual void WriteBehind(ImageSink image)
    {
    }
}
