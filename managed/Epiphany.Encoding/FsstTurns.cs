// Encoding layer. Deals strings out to those that code several at once: who is through with one gets the next.

namespace Epiphany.Encoding;

/// <summary>A string that is being coded: what is left of it, and where its next code goes.</summary>
internal unsafe struct FsstTurn
{
    internal byte* At;
    internal byte* End;
    internal byte* To;

    /// <summary>Below 0: there was no string left.</summary>
    internal int Row;
}

/// <summary>Strings in their order, each with as much room for its codes as it may need.</summary>
internal unsafe struct FsstTurns(ulong* addresses, uint* lengths, int count, byte* destination)
{
    byte* _room = destination;
    int _next;

    /// <summary>The next string that is not empty.</summary>
    internal FsstTurn Next()
    {
        for (; _next < count; _next++)
        {
            byte* at = (byte*)addresses[_next];
            uint length = lengths[_next];
            byte* to = _room;
            addresses[_next] = (ulong)to;
            if (length != 0)
            {
                _room += Fsst.MaxEncoded(length);
                return new FsstTurn { At = at, End = at + length, To = to, Row = _next++ };
            }
        }

        return new FsstTurn { Row = -1 };
    }

    /// <summary>Notes how many bytes the codes take of a string that is done.</summary>
    internal readonly void Finish(in FsstTurn turn) => lengths[turn.Row] = (uint)((ulong)turn.To - addresses[turn.Row]);
}
